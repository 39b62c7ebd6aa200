using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Ordinary queries reach the real server through the agent, and the client cannot tell the difference.</summary>
public sealed class PassthroughTests
{
    private const string Zone = "pass.example.";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keeps_id_and_recursion_bit_and_asks_without_recursion(bool byTcp)
    {
        ScriptedZone zone = new(Zone, 6);
        await using ScriptedMaster server = new(zone);
        await using AgentProcess agent = await StartAsync(server.EndPoint);
        byte[] request = DnsTestMessage.Request(0xBEEF, 0x0100, Zone, DnsTestMessage.TypeSoa);

        byte[]? answer = await new WorkerClient(agent.Dns, byTcp).ExchangeAsync(request, Soon);

        Assert.NotNull(answer);
        DnsReply reply = new(answer, agent.Dns);
        Assert.Equal((0xBEEF, true, 6u), (reply.Id, reply.RecursionDesired, reply.Serial!.Value));
        MasterQuery relayed = Assert.Single(server.Queries);
        Assert.Equal(0, relayed.Message[2] & 0x01);
        Assert.Equal(byTcp, relayed.IsTcp);
    }

    [Fact]
    public async Task Passes_on_answers_that_come_late_and_out_of_order()
    {
        ScriptedZone zone = new(Zone, 6);
        byte[] slowName = DnsTestMessage.EncodeName("slow." + Zone);
        await using ScriptedMaster server = new(query => query.Name.AsSpan().SequenceEqual(slowName)
            ? [new MasterStep.Stall(), new MasterStep.Send(ScriptedZone.Response(query, 0, zone.Soa))]
            : zone.Answer(query));
        await using AgentProcess agent = await StartAsync(server.EndPoint);

        Task<DnsReply> slow = agent.Worker.QuerySoaAsync("slow." + Zone);
        await Eventually.HoldsAsync(() => server.Queries.Count == 1, () => "the slow query is there");
        Assert.Equal(6u, (await agent.Worker.QuerySoaAsync(Zone)).Serial);
        server.Release();

        Assert.Equal(6u, (await slow).Serial);
    }

    [Fact]
    public async Task Lets_no_answer_through_that_nobody_asked_for()
    {
        ScriptedZone zone = new(Zone, 6);
        await using ScriptedMaster server = new(query =>
        {
            byte[] wrongId = ScriptedZone.Response(query, 0, zone.Soa);
            wrongId[0] ^= 0x55;
            byte[] wrongQuestion = ScriptedZone.Response(query, 3);
            wrongQuestion[13] ^= 0x01;
            byte[] right = ScriptedZone.Response(query, 0, zone.Soa);
            return [new MasterStep.Send(wrongId), new MasterStep.Send(wrongQuestion), new MasterStep.Send(right)];
        });
        await using AgentProcess agent = await StartAsync(server.EndPoint);

        Assert.Equal(6u, (await agent.Worker.QuerySoaAsync(Zone)).Serial);
    }

    [Fact]
    public async Task Answers_when_the_server_does_not()
    {
        await using ScriptedMaster mute = new(_ => [new MasterStep.Stall()]);
        await using AgentProcess agent = await StartAsync(mute.EndPoint);

        DnsReply reply = await agent.Worker.QuerySoaAsync(Zone);

        Assert.Equal(2, reply.ResponseCode);
    }

    [Fact]
    public async Task Never_relays_a_transfer()
    {
        await using ScriptedMaster server = new(new ScriptedZone(Zone, 6));
        await using AgentProcess agent = await StartAsync(server.EndPoint);

        byte[]? answer = await agent.WorkerByTcp.ExchangeAsync(DnsTestMessage.Request(1, 0, Zone, DnsTestMessage.TypeAxfr), Soon);

        Assert.Equal(5, new DnsReply(answer!, agent.Dns).ResponseCode);
        Assert.Empty(server.Queries);
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Gives_the_same_answers_as_the_server_itself()
    {
        await using BindServer server = new();
        string longText = string.Join(' ', Enumerable.Range(0, 12).Select(i => $"\"{new string((char)('a' + i), 200)}\""));
        string[] lines = ["www 60 IN A 192.0.2.1", $"long 60 IN TXT {longText}", "alias 60 IN CNAME www"];
        await server.SetZoneAsync(MasterZone.Create(Zone, 6, lines));
        await server.StartAsync();
        await using AgentProcess agent = await StartAsync(server.EndPoint);

        foreach ((string name, string type, string[] options) in ((string, string, string[])[])
        [
            ("www", "A", []), ("WwW", "A", []), ("alias", "A", []), ("nothere", "A", []), ("www", "AAAA", []), ("long", "TXT", []),
            ("long", "TXT", ["+tcp"]), ("long", "TXT", ["+ignore", "+noedns"]), ("www", "A", ["+dnssec"]), ("www", "ANY", ["+tcp"]),
            ("www", "A", ["+nsid", "+subnet=192.0.2.0/24"]),
        ])
        {
            string[] arguments = ["+nostats", "+nocmd", "+qid=77", .. options, $"{name}.{Zone}", type];
            string direct = await DigTool.RunAsync(server.EndPoint, arguments);
            string relayed = await DigTool.RunAsync(agent.Dns, arguments);
            Assert.Equal(WithoutPort(direct), WithoutPort(relayed));
        }

        static string WithoutPort(string output) =>
            string.Join('\n', output.Split('\n').Where(line => !line.Contains("SERVER:", StringComparison.Ordinal)));
    }

    /// <summary>An agent in front of a server that holds its zones without it.</summary>
    private static Task<AgentProcess> StartAsync(IPEndPoint server) => AgentProcess.StartedAsync($$"""
        backend-driver = fake
        query-destination = "{{server}}"
        """);
}
