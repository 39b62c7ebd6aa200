using System.Net;
using Agent.Backends.Shared;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Shared;

public sealed class ServerProbeTests
{
    private static readonly DomainName Zone = DomainName.Parse("probe.example.");

    [Fact]
    public async Task Asks_without_recursion_and_reads_the_serial()
    {
        ushort flags = 0xffff;
        await using ScriptedDnsServer server = new(query =>
        {
            flags = (ushort)((query[2] << 8) | query[3]);
            return ScriptedDnsServer.AnswerSoa(query, 77);
        });

        ServerFinding finding = await AskAsync(server.EndPoint);

        Assert.Equal((SoaAnswerKind.Authoritative, 77u), (finding.Kind, finding.Answer!.Value.Serial));
        Assert.Equal(0, flags);
    }

    [Fact]
    public async Task The_identifier_in_the_answer_is_told_as_text_or_in_hexadecimal_digits()
    {
        byte[] nsid = "ns-7"u8.ToArray();
        await using ScriptedDnsServer server = new(query => WithNsid(ScriptedDnsServer.AnswerSoa(query, 77), nsid));
        Assert.Equal("ns-7", (await AskAsync(server.EndPoint)).Nsid);
        nsid = [1, 0xfe];
        Assert.Equal("01FE", (await AskAsync(server.EndPoint)).Nsid);
        nsid = [];
        Assert.Null((await AskAsync(server.EndPoint)).Nsid);
    }

    [Theory]
    [InlineData(0x8001)]
    [InlineData(0x8004)]
    public async Task A_server_without_edns_is_asked_without_from_then_on(int complaint)
    {
        await using ScriptedDnsServer server = new(query => query[11] == 0
            ? ScriptedDnsServer.AnswerSoa(query, 5)
            : ScriptedDnsServer.Answer(query, (ushort)complaint));
        // A question that is repeated because the answer is late would be one more.
        ServerProbe probe = new(server.EndPoint, new HandDrivenTimers());
        Assert.Equal(5u, (await probe.AskAsync(Zone, CancellationToken.None)).Answer!.Value.Serial);
        Assert.Equal(5u, (await probe.AskAsync(Zone, CancellationToken.None)).Answer!.Value.Serial);
        Assert.Equal(3, server.UdpQueries);
    }

    [Theory]
    [InlineData(0x8005, SoaAnswerKind.Absent)]
    [InlineData(0x8403, SoaAnswerKind.Absent)]
    [InlineData(0x8400, SoaAnswerKind.Absent)]
    [InlineData(0x8002, SoaAnswerKind.CannotTell)]
    [InlineData(0x8004, SoaAnswerKind.CannotTell)]
    public async Task Tells_absent_from_unknown(int flags, SoaAnswerKind kind)
    {
        await using ScriptedDnsServer server = new(query => ScriptedDnsServer.Answer(query, (ushort)flags));

        Assert.Equal(kind, (await AskAsync(server.EndPoint)).Kind);
    }

    [Fact]
    public async Task A_lost_answer_is_asked_for_again()
    {
        int queries = 0;
        await using ScriptedDnsServer server = new(
            query => Interlocked.Increment(ref queries) == 1 ? [] : [ScriptedDnsServer.AnswerSoa(query, 5)], _ => null);

        Assert.Equal(5u, (await AskAsync(server.EndPoint)).Answer!.Value.Serial);
        Assert.Equal(2, server.UdpQueries);
    }

    [Fact]
    public async Task Strange_datagrams_do_not_hide_the_answer()
    {
        await using ScriptedDnsServer server = new(
            query =>
            {
                byte[] otherId = ScriptedDnsServer.AnswerSoa(query, 1);
                otherId[0] ^= 1;
                byte[] otherName = ScriptedDnsServer.AnswerSoa(query, 2);
                otherName[13] ^= 1;
                return [[], [1, 2, 3], otherId, otherName, query, ScriptedDnsServer.AnswerSoa(query, 3)];
            },
            _ => null);

        Assert.Equal(3u, (await AskAsync(server.EndPoint)).Answer!.Value.Serial);
        Assert.Equal(1, server.UdpQueries);
    }

    [Fact]
    public async Task A_cut_answer_is_asked_for_by_tcp()
    {
        await using ScriptedDnsServer server = new(
            query => [ScriptedDnsServer.Answer(query, 0x8600)], query => ScriptedDnsServer.AnswerSoa(query, 9));

        Assert.Equal(9u, (await AskAsync(server.EndPoint)).Answer!.Value.Serial);
        Assert.Equal(1, server.TcpQueries);
    }

    [Fact]
    public async Task A_connection_that_ends_without_answer_says_nothing()
    {
        await using ScriptedDnsServer server = new(query => [ScriptedDnsServer.Answer(query, 0x8600)], _ => null);

        Assert.Equal(SoaAnswerKind.CannotTell, (await AskAsync(server.EndPoint)).Kind);
    }

    [Fact]
    public async Task Nobody_there_is_said_with_the_address()
    {
        IPEndPoint nowhere = new(IPAddress.Loopback, LoopbackPort.Next());

        ServerFinding finding = await AskAsync(nowhere);

        Assert.Equal(SoaAnswerKind.CannotTell, finding.Kind);
        Assert.Contains(nowhere.ToString(), finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_callers_deadline_ends_it()
    {
        await using ScriptedDnsServer server = new(_ => [], _ => null);
        using CancellationTokenSource deadline = new();
        Task<ServerFinding> asking = new ServerProbe(server.EndPoint, TimeProvider.System).AskAsync(Zone, deadline.Token);

        await deadline.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    private static Task<ServerFinding> AskAsync(EndPoint server) =>
        new ServerProbe(server, TimeProvider.System).AskAsync(Zone, CancellationToken.None);

    private static byte[] WithNsid(byte[] answer, byte[] nsid)
    {
        answer[11] = 1;
        return [.. answer, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, (byte)(nsid.Length + 4), 0, 3, 0, (byte)nsid.Length, .. nsid];
    }
}
