/*
  Attachments that pretend to be something else. All are of class suspicious: they are recorded, and neutralised
  where the policy says so.
*/

rule Attachment_Double_Extension
{
    meta:
        description = "A program whose name looks like a document's: invoice.pdf.exe"
        class = "suspicious"
        severity = "high"
    strings:
        $field = /\n(Content-(Disposition|Type):|[ \t])[^\r\n]{0,120}name\*?=[^\r\n]{1,160}\.(pdf|docx?|xlsx?|pptx?|rtf|txt|csv|jpe?g|png|gif|zip)[ _]{0,60}\.(exe|scr|com|pif|bat|cmd|jse?|vb[es]|ws[fh]|hta|lnk|ps1|msi|cpl)["';\r \t]/ nocase
    condition:
        $field
}

rule Attachment_Reversed_Name
{
    meta:
        description = "A right-to-left override in an attachment's name, which shows exe.fdp as pdf.exe"
        class = "suspicious"
        severity = "high"
    strings:
        $plain = /name\*?=[^\r\n]{0,160}\xE2\x80\xAE[^\r\n]{0,160}\.(exe|scr|com|pif|bat|cmd|js|vbs|hta|lnk|ps1|msi)/ nocase
        $percent = /name\*(0\*)?=[^\r\n]{0,160}%E2%80%AE[^\r\n]{0,160}\.(exe|scr|com|pif|bat|cmd|js|vbs|hta|lnk|ps1|msi)/ nocase
    condition:
        any of them
}

rule Shortcut_Runs_Interpreter
{
    meta:
        description = "A Windows shortcut that starts a script interpreter or fetches a file"
        class = "suspicious"
        severity = "high"
    strings:
        $interpreter = /(powershell|pwsh|mshta|wscript|cscript|regsvr32|certutil|bitsadmin)(\.exe)?[ "]/ nocase ascii wide
        $command = /cmd(\.exe)?"? +\/[ck] / nocase ascii wide
        $fetch = /https?:\/\// nocase ascii wide
    condition:
        uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and
        ($interpreter or ($command and $fetch))
}
