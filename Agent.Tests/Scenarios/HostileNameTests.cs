using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// Every hostile name, by CREATE through the running agent to a real server and back: served as it is with hostile owners and texts in
/// it, shown escaped, changed, deleted, and nothing else touched; or refused with a reason.
/// </summary>
[Trait("Category", "Long")]
public sealed class HostileNameTests
{
    // A name of 252 octets has 250 characters and the ending five: the last that fits into a file name of 255 octets. BIND adds ".jnl".
    private static readonly string[] TooLongForAFile =
        ["255 octets", "one octet more than a file name has room for", "255 octets, all of them to be escaped", "many labels"];

    private static readonly string[] TooLongForBind =
        [.. TooLongForAFile, "just as long as a file name may be", "one octet more than BIND's journal has room for"];

    [Fact]
    public async Task Embedded_serves_every_name()
    {
        await using HostileNameFarm farm = new();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{farm.Master.EndPoint}}"]
            backend-driver = embedded
            allow-transfer = ["127.0.0.1"]
            """);
        await farm.RunAsync(agent, agent.Dns, _ => null);
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task BIND_serves_every_name_that_has_a_file_name()
    {
        await using HostileNameFarm farm = new();
        await using BindServer server = await HostileNameFarm.StartedBindAsync();
        int zones = await HostileNameFarm.ZonesOfAsync(server);
        string zoneFolder = Directory.CreateDirectory(Path.Combine(server.FolderPath, "zones")).FullName;
        FolderSnapshot before = FolderSnapshot.Of(server.FolderPath, Mutable);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{farm.Master.EndPoint}}"]
            {{Farm.TargetSettings(server)}}
            backends.bind9.zone-directory = "{{zoneFolder}}"
            logging.format = json
            """);

        await farm.RunAsync(agent, server.EndPoint, RefusalByBind);

        Assert.Empty(Directory.GetFileSystemEntries(zoneFolder));
        Assert.Equal(before, FolderSnapshot.Of(server.FolderPath, Mutable));
        Assert.Equal(zones, await HostileNameFarm.ZonesOfAsync(server));
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(server.EndPoint, HostileNameFarm.Canary));
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal(zones, await HostileNameFarm.ZonesOfAsync(server));
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Zone_files_and_a_command_serve_every_name_that_has_a_file_name()
    {
        await using HostileNameFarm farm = new();
        await using BindServer server = await HostileNameFarm.StartedBindAsync();
        int zones = await HostileNameFarm.ZonesOfAsync(server);
        using TemporaryFolder folder = new("names");
        string zoneFolder = folder.CreateFolder("zones");
        string script = folder.Write("changed.sh", HostileNameFarm.Script(server));
        FolderSnapshot before = FolderSnapshot.Of(folder.FullPath, path => path.StartsWith("zones/", StringComparison.Ordinal));
        FolderSnapshot beforeAtServer = FolderSnapshot.Of(server.FolderPath, Mutable);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{farm.Master.EndPoint}}"]
            backend-driver = zone-files
            backends.zone-files {
              directory = "{{zoneFolder}}"
              command = ["/bin/sh", "{{script}}", "{zone}", "{file}"]
              server = "{{server.EndPoint}}"
            }
            """);

        await farm.RunAsync(agent, server.EndPoint, RefusalByCommand);

        Assert.Empty(Directory.GetFileSystemEntries(zoneFolder));
        Assert.Equal(before, FolderSnapshot.Of(folder.FullPath, _ => false));
        Assert.Equal(beforeAtServer, FolderSnapshot.Of(server.FolderPath, Mutable));
        Assert.Equal(zones, await HostileNameFarm.ZonesOfAsync(server));
    }

    // named wants no name server at a wildcard, and adds no root zone at run time.
    private static string? RefusalByBind(HostileName name) => name.What switch
    {
        "a wildcard" or "the root" => "target-refused",
        _ => TooLongForBind.Contains(name.What) ? "name-not-acceptable" : null,
    };

    // The driver knows nothing of the server behind the command, whose refusal reaches it as the command's.
    private static string? RefusalByCommand(HostileName name) =>
        RefusalByBind(name) is null ? null : TooLongForAFile.Contains(name.What) ? "name-not-acceptable" : "target-refused";

    // What named writes by itself: the list of added zones and its managed keys.
    private static bool Mutable(string path) =>
        path.StartsWith("zones/", StringComparison.Ordinal) || path.Contains(".nz", StringComparison.Ordinal)
        || path.Contains("managed-keys", StringComparison.Ordinal) || path.EndsWith(".mkeys", StringComparison.Ordinal);
}
