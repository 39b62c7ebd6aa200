using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

public sealed class ScriptedMasterTests
{
    private const string Zone = "scripted.example.";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Serves_a_zone_over_both_transports()
    {
        ScriptedZone zone = new(Zone, 41, hosts: 2000);
        await using ScriptedMaster master = new(zone);
        zone.Serial = 42;

        Assert.Equal(42u, await WorkerClient.PollSerialAsync(master.EndPoint, Zone));
        List<DnsReply> messages = await TransferAsync(master);

        Assert.True(messages.Count > 1);
        Assert.Equal(2000 + 4, messages.Sum(message => message.AnswerCount));
        Assert.Equal(DnsTestMessage.TypeSoa, messages[^1].Records[^1].Type);
        Assert.Equal((1, 1), (master.CountOf(DnsTestMessage.TypeSoa), master.CountOf(DnsTestMessage.TypeAxfr)));
        Assert.Equal(1, master.ConnectionsAccepted);
    }

    [Fact]
    public async Task Refuses_other_names()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));

        DnsReply reply = await new WorkerClient(master.EndPoint).QuerySoaAsync("other.example.");

        Assert.Equal(5, reply.ResponseCode);
    }

    [Fact]
    public async Task Stalls_until_released()
    {
        ScriptedZone zone = new(Zone, 7);
        await using ScriptedMaster master = new(query => [new MasterStep.Stall(), .. zone.Answer(query)]);

        Task<DnsReply> answer = new WorkerClient(master.EndPoint).QuerySoaAsync(Zone);
        await Eventually.HoldsAsync(() => master.Queries.Count == 1, () => "the query arrived");
        Assert.False(answer.IsCompleted);
        master.Release();

        Assert.Equal(7u, (await answer).Serial);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Breaks_off_in_the_middle(bool byReset)
    {
        MasterStep end = byReset ? new MasterStep.Reset() : new MasterStep.Close();
        await using ScriptedMaster master = new(_ => [new MasterStep.SendOctets([0, 100, 1, 2, 3]), end]);

        Assert.Null(await DnsSender.AskByTcpAsync(master.EndPoint, DnsTestMessage.Request(1, 0, Zone, DnsTestMessage.TypeAxfr), Soon));
        await Eventually.HoldsAsync(() => master.ConnectionsOpen == 0, () => "the connection is gone");
    }

    [Fact]
    public async Task Drips_a_message_in_pieces()
    {
        ScriptedZone zone = new(Zone, 9);
        await using ScriptedMaster master = new(query =>
            [new MasterStep.Drip(DnsSender.Frame(ScriptedZone.Response(query, 0, zone.Soa)), 7, TimeSpan.FromMilliseconds(1))]);

        DnsReply reply = await new WorkerClient(master.EndPoint, useTcp: true).QuerySoaAsync(Zone);

        Assert.Equal(9u, reply.Serial);
    }

    private static async Task<List<DnsReply>> TransferAsync(ScriptedMaster master)
    {
        using TcpClient client = new();
        using CancellationTokenSource late = new(Soon);
        await client.ConnectAsync(master.EndPoint, late.Token);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(DnsSender.Frame(DnsTestMessage.Request(2, 0, Zone, DnsTestMessage.TypeAxfr)), late.Token);
        List<DnsReply> messages = [];
        int apexRecords = 0;
        while (apexRecords < 2)
        {
            byte[]? message = await DnsSender.ReadFramedAsync(stream, late.Token);
            Assert.NotNull(message);
            messages.Add(new DnsReply(message, master.EndPoint));
            apexRecords += messages[^1].Records.Count(record => record.Type == DnsTestMessage.TypeSoa);
        }

        return messages;
    }
}
