/* Scripts that bring a program with them or fetch one. All are of class suspicious. */

rule Html_Builds_Download
{
    meta:
        description = "A page that assembles a file from text inside itself and saves it without being asked"
        class = "suspicious"
        severity = "medium"
    strings:
        $blob = /new[ ]+Blob[ ]*\(/
        $decode = /(atob|Uint8Array|fromCharCode)[ ]*\(/
        $save = /msSaveOrOpenBlob[ ]*\(|msSaveBlob[ ]*\(|\.download[ ]*=[^=]/
        $click = /\.click[ ]*\([ ]*\)|msSave(OrOpen)?Blob[ ]*\(/
        $script = /<script/ nocase
    condition:
        all of them
}

rule Script_Fetches_And_Runs
{
    meta:
        description = "A Windows script that downloads a file, writes it and runs it"
        class = "suspicious"
        severity = "high"
    strings:
        $shell = /WScript\.Shell|Shell\.Application/ nocase
        $http = /(MSXML2\.(Server)?XMLHTTP|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest)/ nocase
        $stream = /ADODB\.Stream/ nocase
        $write = /\.SaveToFile/ nocase
    condition:
        all of them
}

rule PowerShell_Encoded_Command
{
    meta:
        description = "PowerShell started with a command in base64, hidden or without its profile"
        class = "suspicious"
        severity = "medium"
    strings:
        $encoded = /powershell(\.exe)?[^\r\n]{0,100}[ ][-\/]e(nc(odedcommand)?)?[ ]+["']?[A-Za-z0-9+\/]{80}/ nocase ascii wide
        $hidden = /[ ][-\/](w(indowstyle)?[ ]+(1|hid(den)?)|nop(rofile)?|noni(nteractive)?)[ ]/ nocase ascii wide
    condition:
        all of them
}

rule Executable_Inside_Script
{
    meta:
        description = "A Windows program in base64 inside a script that decodes it"
        class = "suspicious"
        severity = "high"
    strings:
        $program = /TV(qQAAMAAAAEAAAA|pQAAIAAAAEAA8A|oAAAAAAAAAAAAA)/
        $decode = /(FromBase64String|atob|Base64Decode|DecodeBase64)[ ]*\(|bin\.base64/ nocase
    condition:
        all of them
}
