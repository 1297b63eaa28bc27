; Inno Setup 6: the installer for Windows, of the folder that `python -m PyInstaller packaging\fireside.spec` makes.
;   iscc /DVersion=0.1.0 packaging\windows\fireside.iss
; Installs for one person, without administrator rights, unless asked otherwise.

#ifndef Version
  #error Say which version: /DVersion=0.1.0
#endif

[Setup]
AppId={{6F5E2C1B-7C0D-4B53-9A55-1F1D7E9E4C21}
AppName=Fireside
AppVersion={#Version}
AppPublisher=The Fireside developers
LicenseFile=..\..\LICENSE
SourceDir=..\..\dist
OutputDir=.
OutputBaseFilename=fireside-{#Version}-windows-x64
SetupIconFile=..\build\icons\fireside.ico
UninstallDisplayIcon={app}\fireside.exe
DefaultDirName={autopf}\Fireside
DefaultGroupName=Fireside
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
CloseApplications=yes

[Languages]
Name: "english"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: "gguf"; Description: "{cm:AssocFileExtension,Fireside,.gguf}"

[Files]
Source: "fireside\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\Fireside"; Filename: "{app}\fireside.exe"; AppUserModelID: "Fireside.Fireside"
Name: "{autodesktop}\Fireside"; Filename: "{app}\fireside.exe"; Tasks: desktopicon

[Registry]
; The extension names what it may be opened with; Windows asks the person which is to be the usual one.
Root: HKA; Subkey: "Software\Classes\.gguf\OpenWithProgids"; ValueType: string; ValueName: "Fireside.gguf"; \
  ValueData: ""; Flags: uninsdeletevalue; Tasks: gguf
Root: HKA; Subkey: "Software\Classes\Fireside.gguf"; ValueType: string; ValueData: "GGUF model"; \
  Flags: uninsdeletekey; Tasks: gguf
Root: HKA; Subkey: "Software\Classes\Fireside.gguf\DefaultIcon"; ValueType: string; \
  ValueData: "{app}\fireside.exe,0"; Tasks: gguf
Root: HKA; Subkey: "Software\Classes\Fireside.gguf\shell\open\command"; ValueType: string; \
  ValueData: """{app}\fireside.exe"" ""%1"""; Tasks: gguf
; `fireside` in the Run dialog and in `start fireside`.
Root: HKA; Subkey: "Software\Microsoft\Windows\CurrentVersion\App Paths\fireside.exe"; ValueType: string; \
  ValueData: "{app}\fireside.exe"; Flags: uninsdeletekey

[InstallDelete]
; What an older version had and this one has not would be imported still.
Type: filesandordirs; Name: "{app}\_internal"

[Run]
Filename: "{app}\fireside.exe"; Description: "{cm:LaunchProgram,Fireside}"; Flags: nowait postinstall skipifsilent
