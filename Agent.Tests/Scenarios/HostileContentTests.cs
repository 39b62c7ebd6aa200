using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// Owners and texts that end lines, strings and files or begin directives, through the agent into a zone file: every server reads the
/// very records that the master sent. BIND is asked in <see cref="HostileNameTests"/>, for every name.
/// </summary>
[Trait("Category", "Peer")]
public sealed class HostileContentTests
{
    private const string Zone = "content.example.";

    [Theory]
    [InlineData("nsd")]
    [InlineData("knot")]
    public async Task A_zone_file_with_hostile_octets_means_the_same_records(string kind)
    {
        HostileZone zone = new(DnsTestMessage.EncodeName(Zone));
        await using ScriptedMaster master = new(zone.Answer);
        using TemporaryFolder folder = new("content");
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = zone-files
            backends.zone-files.directory = "{{folder.FullPath}}"
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        string[] lines = await File.ReadAllLinesAsync(folder.Combine("content.example.zone"));
        Assert.Equal(zone.Records.Count(), lines.Length);
        await using MasterServer server = Farm.CreateMaster(kind);

        await server.SetZoneAsync(MasterZone.Create(Zone, 1, lines[2..]));
        await server.StartAsync();
        await WorkerClient.ServedAsync(server.EndPoint, Zone, 1, () => server.Output);

        string[] sent = [.. (await DigTool.TransferAsync(master.EndPoint, Zone)).Where(IsHostile)];
        Assert.Equal(HostileZone.Labels.Length + 1, sent.Length);
        Assert.Equal(sent, (await DigTool.TransferAsync(server.EndPoint, Zone)).Where(IsHostile));
    }

    // What the harness adds: SOA and NS of its own, and the address of the name server.
    private static bool IsHostile(string record) =>
        record.Split(' ')[3] is "A" or "TXT" && !record.StartsWith("ns1.content", StringComparison.Ordinal);
}
