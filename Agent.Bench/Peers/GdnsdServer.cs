namespace Agent.Bench.Peers;

/// <summary>gdnsd as a target: it reads the files of a folder, and again when it is told over its control socket.</summary>
public sealed class GdnsdServer() : DnsServer("gdnsd")
{
    /// <summary>Lines of its options, each ended by a comma.</summary>
    public string ExtraOptions { get; init; } = "";

    /// <summary>Its control socket.</summary>
    public string ControlPath => Folder.Combine("run/control.sock");

    /// <summary>The folder that it reads.</summary>
    public string ZoneFolder => Directory.CreateDirectory(Folder.Combine("etc/zones")).FullName;

    /// <summary>Settings of a target by which an agent drives this server.</summary>
    public string TargetSettings =>
        $"driver = gdnsd, server = \"{EndPoint}\", control = \"{ControlPath}\", zone-directory = \"{ZoneFolder}\"";

    private string Configuration => Folder.Combine("etc");

    /// <summary>One command over the control socket, by gdnsd's own tool.</summary>
    public Task<ToolResult> ControlAsync(string command) => Tool.RunAsync("gdnsdctl", ["-c", Configuration, command]);

    protected override Task<ChildProcess> LaunchAsync()
    {
        Directory.CreateDirectory(ZoneFolder);
        Folder.CreateFolder("run");
        Folder.CreateFolder("state");
        Folder.Write("etc/config", $$"""
            options => {
              listen => [ "127.0.0.1:{{Port}}", "[::1]:{{Port}}" ],
              run_dir => "{{Folder.Combine("run")}}",
              state_dir => "{{Folder.Combine("state")}}",
              udp_threads => 1,
              tcp_threads => 1,
              {{ExtraOptions}}
            }
            """);
        return Place.StartAsync("gdnsd", ["-c", Configuration, "start"], Folder.FullPath);
    }
}
