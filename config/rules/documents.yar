/* Documents that do more than show text. All are of class suspicious. */

rule Office_Macro_Starts_Program
{
    meta:
        description = "A macro that runs when the document is opened and starts a program or fetches a file"
        class = "suspicious"
        severity = "high"
    strings:
        // Present in every exported or decompressed module; the second is how compression stores it.
        $module = /Attribute VB_Name = / nocase
        $stored = { 41 74 74 72 69 62 75 74 00 65 20 56 42 5F 4E 61 6D }
        $auto = /Sub (Auto_?(Open|Exec|Close)|Document_(Open|Close)|Workbook_(Open|Activate))[ \t]*\(/ nocase
        $shell = /(WScript\.Shell|Shell\.Application|[ =(.]Shell[ (]+["A-Z]|ShellExecute[AW]?[ (])/ nocase
        $fetch = /(URLDownloadToFile[AW]?|MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest|ADODB\.Stream)/ nocase
    condition:
        ($module or $stored) and $auto and ($shell or $fetch)
}

rule Rtf_Self_Updating_Equation
{
    meta:
        description = "RTF with an equation object that is loaded when the document opens (CVE-2017-11882 and kin)"
        class = "suspicious"
        severity = "high"
    strings:
        $equation = /4571756174696[Ff]6[Ee]2[Ee]33/
        $name = /\\objclass[ ]+Equation\.3/ nocase
        $update = /\\objupdate/
        $data = /\\objdata/
    condition:
        uint32be(0) == 0x7B5C7274 and $data and $update and ($equation or $name)
}
