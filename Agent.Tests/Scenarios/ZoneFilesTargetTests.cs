using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Plain zone files, and a command that tells a server of which the agent knows nothing else.</summary>
[Trait("Category", "Peer")]
public sealed class ZoneFilesTargetTests
{
    private const string Zone = "files.example.";

    [Fact]
    public async Task Writes_files_that_a_server_loads_on_command()
    {
        await using KnotServer master = new();
        await master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 20));
        await master.StartAsync();
        await using BindServer server = new();
        await server.StartAsync();
        using TemporaryFolder folder = new("files");
        string zones = folder.CreateFolder("zones");
        string rndc = $"rndc -s 127.0.0.1 -p {server.ControlPort} -k {server.ControlKeyFile}";
        string script = folder.Write("changed.sh", $$"""
            #!/bin/sh
            zone=${1%.}
            if [ ! -e "$2" ]; then exec {{rndc}} delzone -clean "$zone"; fi
            {{rndc}} reload "$zone" || exec {{rndc}} addzone "$zone" "{ type master; file \"$2\"; };"

            """);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = zone-files
            masters = ["{{master.EndPoint}}"]
            backends.zone-files {
              directory = "{{zones}}"
              command = ["/bin/sh", "{{script}}", "{zone}", "{file}"]
              server = "{{server.EndPoint}}"
            }
            """);

        await agent.Worker.CreateAcceptedAsync(Zone);
        Assert.Equal(await DigTool.TransferAsync(master.EndPoint, Zone), await DigTool.TransferAsync(server.EndPoint, Zone));
        Assert.Equal([Path.Combine(zones, "files.example.zone")], Directory.GetFiles(zones));

        await master.BumpAsync(Zone, "more 60 IN A 192.0.2.3");
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(server.EndPoint, Zone, 2, () => agent.Output);

        await agent.Worker.DeleteAcceptedAsync(Zone);
        Assert.Empty(Directory.GetFiles(zones));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(server.EndPoint, Zone));
    }
}
