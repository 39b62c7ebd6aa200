using System.Net;
using System.Net.Sockets;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.Contents;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Contents;

/// <summary>What servers serve, compared with what they are to serve: a real one that lets us transfer and one that does not, and scripts
/// for what those do not say.</summary>
public sealed class ContentCheckerTests : IDisposable
{
    private const string Zone = "check.example.";
    private static readonly string[] Lines =
    [
        "www 300 IN A 192.0.2.1", "Mixed.Case 300 IN MX 10 Mail.Elsewhere.Test.", "old 300 IN DNAME new.check.example.",
        "child 300 IN NS ns.child.check.example.", "ns.child 300 IN A 192.0.2.9", "*.wild 300 IN TXT \"x\"",
    ];

    private readonly TemporaryFolder _spool = new("check");

    [Fact]
    [Trait("Category", "Peer")]
    public async Task A_hand_edit_is_named_record_by_record_by_transfer_and_by_sample()
    {
        await using BindServer open = new();
        await using BindServer closed = new()
        {
            ZoneKeys = new Dictionary<string, TransferKey> { [Zone] = new("not-ours", "c2VjcmV0LW9mLW90aGVycw==") },
        };
        await Task.WhenAll(open.StartAsync(), closed.StartAsync());
        var right = MasterZone.Create(Zone, 5, Lines);
        await Task.WhenAll(open.SetZoneAsync(right), closed.SetZoneAsync(right));
        ZoneContent wanted = await ContentAsync(open);

        foreach (ContentProof proof in new[] { ContentProof.Digest, ContentProof.Sample })
        {
            Assert.Equal((ContentVerdict.Same, null), Found(await CheckAsync(open.EndPoint, wanted, proof)));
            ContentChecked behind = await CheckAsync(closed.EndPoint, wanted, proof);
            Assert.Equal((ContentVerdict.Same, null), (behind.Verdict, behind.Difference));
            Assert.Equal(proof == ContentProof.Digest, behind.IsOnlySampled);
            string told = behind.Reason?.Text ?? "";
            Assert.Equal(behind.IsOnlySampled, told.Contains("does not let us transfer it", StringComparison.Ordinal));
        }

        var edited = MasterZone.Create(Zone, 6, [.. Lines.Skip(1), "www 300 IN A 192.0.2.2", "extra 300 IN A 192.0.2.3"]);
        await Task.WhenAll(open.SetZoneAsync(edited), closed.SetZoneAsync(edited));
        ContentChecked digest = await CheckAsync(open.EndPoint, wanted, ContentProof.Digest);
        Assert.Equal((ContentVerdict.Differs, ContentProof.Digest), (digest.Verdict, digest.Difference!.Proof));
        Assert.Equal((3L, 2L), (digest.Difference.ForeignCount, digest.Difference.MissingCount));
        Assert.Contains(digest.Difference.Foreign, l => l.Contains("extra.check.example.", StringComparison.Ordinal));
        Assert.Contains(digest.Difference.Missing, l => l.Contains("192.0.2.1", StringComparison.Ordinal));
        ContentChecked sample = await CheckAsync(closed.EndPoint, wanted, ContentProof.Digest);
        Assert.Equal((ContentVerdict.Differs, ContentProof.Sample), (sample.Verdict, sample.Difference!.Proof));
        Assert.Contains("192.0.2.2", Assert.Single(sample.Difference.Foreign), StringComparison.Ordinal);
        Assert.Contains("192.0.2.1", Assert.Single(sample.Difference.Missing), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task A_server_without_tcp_is_asked_by_udp()
    {
        await using TinydnsServer server = new();
        await server.StartAsync();
        await server.CompileAsync("Zcheck.example:ns1.elsewhere.test:ns1.elsewhere.test:5:1:1:1:1:300", "&check.example::ns1.elsewhere.test:300",
            "=h0.check.example:192.0.0.0:300", "=h1.check.example:192.0.2.66:300");

        ContentChecked same = await CheckAsync(server.EndPoint, SmallZone.Create(Zone, 5), ContentProof.Sample);
        ContentChecked other = await CheckAsync(server.EndPoint, SmallZone.Create(Zone, 5, hosts: 2), ContentProof.Sample);

        Assert.Equal((ContentVerdict.Same, null), Found(same));
        Assert.Equal((ContentVerdict.Differs, 1L, 1L), (other.Verdict, other.Difference!.ForeignCount, other.Difference.MissingCount));
    }

    [Theory]
    [InlineData(0x8002)]
    [InlineData(0x8005)]
    [InlineData(0x8000)]
    public async Task An_error_or_an_answer_without_authority_says_nothing(int flags)
    {
        await using ScriptedDnsServer server = new(query => ScriptedDnsServer.Answer(query, (ushort)flags));
        ContentChecked answer = await CheckAsync(server.EndPoint, SmallZone.Create(Zone, 1), ContentProof.Sample);
        Assert.Equal(ContentVerdict.CannotTell, answer.Verdict);
        Assert.NotNull(answer.Reason);
    }

    [Fact]
    public async Task Broken_answers_a_closed_port_and_a_closed_connection_say_nothing()
    {
        await using ScriptedDnsServer garbage = new(_ => [1, 2, 3]);
        await using ScriptedDnsServer closing = new(query => [query], _ => null);
        IPEndPoint nobody = new(IPAddress.Loopback, LoopbackPort.Next());
        foreach (IPEndPoint server in new[] { garbage.EndPoint, closing.EndPoint, nobody })
        {
            foreach (ContentProof proof in new[] { ContentProof.Digest, ContentProof.Sample })
            {
                ContentChecked answer = await CheckAsync(server, SmallZone.Create(Zone, 1), proof);
                Assert.Equal((7L, ContentVerdict.CannotTell), (answer.Id, answer.Verdict));
            }
        }
    }

    [Fact]
    public async Task A_server_that_takes_no_TCP_is_asked_for_samples_and_a_cut_answer_says_nothing()
    {
        using UdpClient server = new(new IPEndPoint(IPAddress.Loopback, 0));
        var place = (IPEndPoint)server.Client.LocalEndPoint!;
        int flags = 0x8403;
        using CancellationTokenSource end = new();
        Task serving = Task.Run(async () =>
        {
            while (true)
            {
                UdpReceiveResult query = await server.ReceiveAsync(end.Token);
                await server.SendAsync(ScriptedDnsServer.Answer(query.Buffer, (ushort)flags), query.RemoteEndPoint, end.Token);
            }
        });
        Assert.Equal(ContentVerdict.Differs, (await CheckAsync(place, SmallZone.Create(Zone, 1), ContentProof.Sample)).Verdict);
        flags = 0x8600;
        Assert.Equal(ContentVerdict.CannotTell, (await CheckAsync(place, SmallZone.Create(Zone, 1), ContentProof.Sample)).Verdict);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task A_server_that_authoritatively_has_nothing_differs_in_every_record()
    {
        await using ScriptedDnsServer server = new(query => ScriptedDnsServer.Answer(query, 0x8403));
        ContentChecked answer = await CheckAsync(server.EndPoint, SmallZone.Create(Zone, 1, hosts: 3), ContentProof.Sample);
        Assert.Equal((ContentVerdict.Differs, 0L, 4L),
            (answer.Verdict, answer.Difference!.ForeignCount, answer.Difference.MissingCount));
    }

    public void Dispose() => _spool.Dispose();

    private static (ContentVerdict Verdict, string? Difference) Found(ContentChecked answer) =>
        (answer.Verdict, answer.Difference?.ToString() ?? answer.Reason?.Text);

    private async Task<ContentChecked> CheckAsync(EndPoint server, ZoneContent wanted, ContentProof proof)
    {
        await using ContentChecker checker = new(server, () => null, _spool.FullPath, TimeProvider.System);
        var answer = new AnswerOnce();
        checker.Check(new CheckContent(7, wanted.Apex, wanted, proof), new ReplyTo(answer, 0));
        return Assert.IsType<ContentChecked>(await answer.Answer.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    /// <summary>As an agent would hold it that transferred the zone from there.</summary>
    private async Task<ZoneContent> ContentAsync(BindServer server)
    {
        var reader = new Agent.Backends.Shared.ServedZoneReader(server.EndPoint, _spool.FullPath, TimeProvider.System);
        var served = await reader.ReadAsync(DomainName.Parse(Zone), null, 1 << 20, CancellationToken.None);
        return served.Zone!;
    }
}
