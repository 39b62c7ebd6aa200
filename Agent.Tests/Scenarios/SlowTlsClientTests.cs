using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Agent.Bench.Peers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Scenarios;

/// <summary>Clients of the TLS port that dawdle in every way: others are served meanwhile, and nothing of them stays.</summary>
public sealed class SlowTlsClientTests : IDisposable
{
    private const string Zone = "slow.example.";
    private const int OfEachKind = 8;
    private const int Idle = 300;
    private const long GrowthBytesMax = 96L * 1024 * 1024;

    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Who_dawdles_is_sent_away_and_stalls_nobody()
    {
        (string certificate, string key) = _authority.Issue("server", "127.0.0.1", "ns1.test");
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            tcp-idle-timeout = 2s, tcp-connections-per-client = 200
            tls-listen { enabled = true, port = 0, certificate-file = "{{certificate}}", key-file = "{{key}}", handshake-timeout = 2s }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await IsServedAsync(agent);
        int descriptors = ProcessSample.DescriptorsOf(agent);
        long memory = ProcessSample.ResidentBytesOf(agent);

        List<TcpClient> idle = [];
        for (int i = 0; i < Idle; i++) idle.Add(await ConnectAsync(agent));
        List<Task> dawdlers = [];
        for (int i = 0; i < OfEachKind; i++)
        {
            dawdlers.Add(SaysHalfAsync(agent));
            dawdlers.Add(DribblesAsync(agent));
            dawdlers.Add(NeverReadsAsync(agent));
        }

        int served = 0;
        for (Task all = Task.WhenAll(dawdlers); !all.IsCompleted; served++) await IsServedAsync(agent);
        await Task.WhenAll(dawdlers);
        Assert.NotEqual(0, served);
        await IsServedAsync(agent);
        Assert.InRange(ProcessSample.ResidentBytesOf(agent) - memory, long.MinValue, GrowthBytesMax);
        await Eventually.HoldsAsync(
            () => ProcessSample.DescriptorsOf(agent) <= descriptors + 5, () => $"{ProcessSample.DescriptorsOf(agent)} descriptors");
        idle.ForEach(client => client.Dispose());
    }

    /// <summary>A whole handshake, then half a message and no more.</summary>
    private static async Task SaysHalfAsync(AgentProcess agent)
    {
        using TcpClient client = await ConnectAsync(agent);
        await using SslStream stream = await HandshakeAsync(client);
        await stream.WriteAsync(new byte[] { 0, 100, 1, 2, 3 });
        await IsClosedAsync(stream);
    }

    /// <summary>The beginning of a handshake, octet by octet, that is never done: sending it ends when the agent has closed.</summary>
    private static async Task DribblesAsync(AgentProcess agent)
    {
        using TcpClient client = await ConnectAsync(agent);
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(20));
        byte[] hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3];
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            for (int i = 0; i < 3000; i++)
            {
                await client.GetStream().WriteAsync(new[] { i < hello.Length ? hello[i] : (byte)0 });
                await pace.WaitForNextTickAsync();
            }
        });
    }

    private static async Task NeverReadsAsync(AgentProcess agent)
    {
        using TcpClient client = await ConnectAsync(agent);
        await using SslStream stream = await HandshakeAsync(client);
        byte[] query = DnsSender.Frame(DnsTestMessage.Request(1, 0, Zone, DnsTestMessage.TypeSoa));
        byte[] queries = [.. Enumerable.Repeat(query, 300).SelectMany(octets => octets)];
        using CancellationTokenSource late = new(Eventually.Deadline);
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true) await stream.WriteAsync(queries, late.Token);
        });
    }

    private static async Task IsClosedAsync(Stream stream)
    {
        using CancellationTokenSource late = new(Eventually.Deadline);
        try
        {
            Assert.Equal(0, await stream.ReadAsync(new byte[1], late.Token));
        }
        catch (IOException)
        {
            // Cut instead of ended.
        }
    }

    /// <summary>
    /// Somebody else, from another address, is served. On a machine so busy that even this client seems to dawdle it asks once more.
    /// </summary>
    private static Task IsServedAsync(AgentProcess agent) => Eventually.HoldsAsync(
        async () => await AskElsewhereAsync(agent) is { Id: 9, ResponseCode: 0 }, () => $"somebody else is served\n{agent.Output}");

    private static async Task<DnsReply?> AskElsewhereAsync(AgentProcess agent)
    {
        using TcpClient client = new(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await client.ConnectAsync(agent.DnsOverTls!);
        using CancellationTokenSource late = new(Eventually.Deadline);
        try
        {
            await using SslStream stream = await HandshakeAsync(client);
            await stream.WriteAsync(DnsSender.Frame(DnsTestMessage.Request(9, 0, Zone, DnsTestMessage.TypeSoa)));
            return await DnsSender.ReadFramedAsync(stream, late.Token) is { } answer ? new DnsReply(answer, agent.Dns) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task<TcpClient> ConnectAsync(AgentProcess agent)
    {
        TcpClient client = new() { NoDelay = true, ReceiveBufferSize = 4096 };
        await client.ConnectAsync(agent.DnsOverTls!);
        return client;
    }

    private static async Task<SslStream> HandshakeAsync(TcpClient client)
    {
        SslStream stream = new(client.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "ns1.test",
            ApplicationProtocols = [new SslApplicationProtocol("dot")],
            RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
        });
        return stream;
    }
}
