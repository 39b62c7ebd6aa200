using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Agent.Actors.Listeners;
using Agent.Dns.Net;
using Agent.Dns.Wire;
using Agent.Host.Sockets;
using Agent.Tests.TestKit;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Sockets;

/// <summary>DNS over TLS at the socket: who is served, who is not, and what those cost who never finish.</summary>
public sealed class TlsListenerTests : IDisposable
{
    private static readonly SslApplicationProtocol Dot = new("dot");

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new();

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task A_connection_serves_many_requests_pipelined_and_ends_in_order()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer(), tls: Acceptor());
        await using SslStream client = await ConnectAsync(rig);
        Assert.Equal(Dot, client.NegotiatedApplicationProtocol);
        for (int round = 0; round < 3; round++)
        {
            await client.WriteAsync((byte[])[.. FakeUpstream.Frame(Query()), .. FakeUpstream.Frame(Query())]);
            Assert.Equal(FakeUpstream.Answer(Query()), await ReadFrameAsync(client));
            Assert.Equal(FakeUpstream.Answer(Query()), await ReadFrameAsync(client));
        }

        // A whole answer to the last request, then the end that TLS knows, not a cut.
        await client.WriteAsync(FakeUpstream.Frame(Query()));
        await client.ShutdownAsync();
        Assert.Equal(FakeUpstream.Answer(Query()), await ReadFrameAsync(client));
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Queries_are_relayed_and_answers_to_EDNS_are_padded()
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using var rig = new ListenerRig(upstream.Endpoint, tls: Acceptor());
        await using SslStream client = await ConnectAsync(rig);
        byte[] plain = await AskAsync(client, Query());
        Assert.Equal(FakeUpstream.Answer(Query()), plain);

        byte[] withEdns = DnsMessage(withOpt: true);
        byte[] padded = await AskAsync(client, withEdns);
        Assert.Equal(EdnsPadding.AnswerBlock, padded.Length);
        Assert.Equal(WireError.None, EdnsView.Find(padded, out EdnsView edns));
        Assert.True(edns.TryGetOption(EdnsOptionCode.Padding, out ReadOnlySpan<byte> zeros) && zeros.IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public async Task Refusals_to_EDNS_are_padded()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer(), tls: Acceptor());
        await using SslStream client = await ConnectAsync(rig);
        byte[] unknown = DnsMessage(withOpt: true);
        unknown[2] = 0x18;
        await client.WriteAsync(FakeUpstream.Frame(unknown));
        byte[] refused = await ReadFrameAsync(client);
        Assert.Equal(EdnsPadding.AnswerBlock, refused.Length);
        Assert.Equal(4, refused[3] & 0xF);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("dot", true)]
    [InlineData("h2", false)]
    public async Task Who_names_protocols_must_name_ours(string? protocol, bool isServed)
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer(), tls: Acceptor());
        Task<SslStream> connecting = ConnectAsync(rig, alpn: protocol);
        if (!isServed)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => connecting);
            return;
        }

        await using SslStream client = await connecting;
        await client.WriteAsync(FakeUpstream.Frame(Query()));
        Assert.Equal(FakeUpstream.Answer(Query()), await ReadFrameAsync(client));
    }

    [Fact]
    public async Task TLS_1_2_is_not_spoken()
    {
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer(), tls: Acceptor());
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(rig, protocols: SslProtocols.Tls12));
    }

    [Fact]
    public async Task A_certificate_names_its_client_and_a_bad_one_is_sent_away()
    {
        var seen = new UdpListenerTests.EchoAnswerer();
        using var rig = new ListenerRig(
            null, answerer: seen, tls: Acceptor(asksForCertificates: true), allowControl: AccessList.Parse("tls:ns2.example"));
        byte[] create = Message(0x7400, CreateType, PrivateClass);

        await using (SslStream named = await ConnectAsync(rig, own: _authority.Issue("ns2", "NS2.example")))
        {
            await named.WriteAsync(FakeUpstream.Frame(create));
            rig.Sink.Take().TryAnswer(ControlAnswer.Done);
            Assert.Equal(0xF400, FlagsOf(await ReadFrameAsync(named)));
        }

        await using (SslStream other = await ConnectAsync(rig, own: _authority.Issue("ns3", "ns3.example")))
            Assert.Equal(5, await AskCodeAsync(other, create));
        await using (SslStream nobody = await ConnectAsync(rig))
            Assert.Equal(5, await AskCodeAsync(nobody, create));
        // In TLS 1.3 a client is through before the server has seen its certificate: it hears of it when it reads.
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using SslStream forger = await ConnectAsync(rig, own: _stranger.Issue("ns2", "ns2.example"));
            await AskCodeAsync(forger, create);
        });
    }

    [Fact]
    public async Task Another_certificate_counts_from_the_next_connection_on()
    {
        TlsAcceptor acceptor = Acceptor("first.example");
        using var rig = new ListenerRig(null, answerer: new UdpListenerTests.EchoAnswerer(), tls: acceptor);
        await using SslStream early = await ConnectAsync(rig);
        acceptor.Replace(Profile("second.example"));
        await using SslStream late = await ConnectAsync(rig);

        Assert.True(((X509Certificate2)early.RemoteCertificate!).MatchesHostname("first.example"));
        Assert.True(((X509Certificate2)late.RemoteCertificate!).MatchesHostname("second.example"));
        await early.WriteAsync(FakeUpstream.Frame(Query()));
        Assert.Equal(FakeUpstream.Answer(Query()), await ReadFrameAsync(early));
    }

    [Fact]
    public void Who_does_not_finish_the_handshake_is_sent_away()
    {
        using var rig = new ListenerRig(
            null, answerer: new UdpListenerTests.EchoAnswerer(), tls: Acceptor(timeout: TimeSpan.FromMilliseconds(150)));
        Assert.True(ListenerRig.IsClosed(Silent(rig)));
        Socket babbling = Silent(rig);
        babbling.Send("GET / HTTP/1.1\r\n\r\n"u8);
        // An alert, perhaps, and the end.
        ListenerRig.Eventually(() => ListenerRig.IsClosed(babbling));
    }

    [Fact]
    public async Task The_silent_make_room_for_each_other_and_cost_nobody_who_is_served()
    {
        using var rig = new ListenerRig(
            null,
            tcp: new TcpOptions { ConnectionsMax = 6, ConnectionsPerClient = 6 },
            answerer: new UdpListenerTests.EchoAnswerer(),
            tls: Acceptor(handshakes: 3));
        await using SslStream served = await ConnectAsync(rig);
        Socket[] silent = [.. Enumerable.Range(0, 12).Select(_ => Silent(rig))];

        // All but three are gone, and the client who asked first is still there although it has been idle longest.
        ListenerRig.Eventually(() => silent.Count(socket => socket.Poll(0, SelectMode.SelectRead)) == 9);
        await using SslStream late = await ConnectAsync(rig);
        foreach (SslStream client in (SslStream[])[served, late])
        {
            await client.WriteAsync(FakeUpstream.Frame(Query()));
            Assert.Equal(FakeUpstream.Answer(Query()), await ReadFrameAsync(client));
        }
    }

    private TlsServerProfile Profile(string name, bool asksForCertificates = false)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(_authority.CaFile);
        return new TlsServerProfile(ContextOf(_authority.Issue(name, name)))
        {
            ClientAuthorities = asksForCertificates ? authorities : null,
        };
    }

    private TlsAcceptor Acceptor(
        string name = "dns.example", bool asksForCertificates = false, TimeSpan? timeout = null, int handshakes = 100) =>
        new(Profile(name, asksForCertificates), timeout ?? TimeSpan.FromMilliseconds(ListenerRig.PatienceMs), handshakes);

    private static SslStreamCertificateContext ContextOf((string CertificateFile, string KeyFile) files) =>
        SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(files.CertificateFile, files.KeyFile), null, offline: true);

    private static byte[] DnsMessage(bool withOpt)
    {
        byte[] buffer = new byte[512];
        var writer = new MessageWriter(buffer, 7, 0x0100);
        Assert.True(writer.TryWriteQuestion(DomainName.Parse("www.example."), RecordType.A));
        Assert.True(!withOpt || writer.TryWriteOpt(1232));
        return buffer[..writer.Length];
    }

    private static async Task<byte[]> AskAsync(SslStream client, byte[] query)
    {
        await client.WriteAsync(FakeUpstream.Frame(query));
        return await ReadFrameAsync(client);
    }

    private static async Task<int> AskCodeAsync(SslStream client, byte[] request)
    {
        await client.WriteAsync(FakeUpstream.Frame(request));
        return (await ReadFrameAsync(client))[3] & 0xF;
    }

    private static Socket Silent(ListenerRig rig) => rig.Tcp(port: rig.TlsPort);

    private static async Task<SslStream> ConnectAsync(
        ListenerRig rig,
        (string CertificateFile, string KeyFile)? own = null,
        string? alpn = "dot",
        SslProtocols protocols = SslProtocols.Tls13)
    {
        var stream = new SslStream(new NetworkStream(rig.Tcp(port: rig.TlsPort)));
        using var late = new CancellationTokenSource(ListenerRig.PatienceMs);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "dns.example",
                EnabledSslProtocols = protocols,
                ApplicationProtocols = alpn is null ? null : [new SslApplicationProtocol(alpn)],
                ClientCertificateContext = own is { } files ? ContextOf(files) : null,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            },
            late.Token);
        return stream;
    }

    private static async Task<byte[]> ReadFrameAsync(SslStream client)
    {
        using var late = new CancellationTokenSource(ListenerRig.PatienceMs);
        byte[] length = new byte[TcpFramer.PrefixBytes];
        await client.ReadExactlyAsync(length, late.Token);
        byte[] message = new byte[(length[0] << 8) | length[1]];
        await client.ReadExactlyAsync(message, late.Token);
        return message;
    }
}
