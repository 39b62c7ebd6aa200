using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Dns.Net;
using Agent.Host.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Sockets;

/// <summary>Real listeners on a free loopback port, with a sink that keeps what it gets.</summary>
internal sealed class ListenerRig : IDisposable
{
    public const int PatienceMs = 10_000;

    private readonly List<IDisposable> _clients = [];

    public ListenerRig(
        IPEndPoint? upstream,
        string host = "127.0.0.1",
        TcpOptions? tcp = null,
        bool portable = false,
        int timeoutMs = PatienceMs,
        int tableSize = 1024,
        int workers = 1,
        int slotBytes = 4096,
        int credits = 16,
        ILocalAnswerer? answerer = null,
        ITransferResponder? transfers = null,
        TlsAcceptor? tls = null,
        AccessList? allowControl = null,
        AccessList? allowQuery = null,
        IRequestAuthenticator? authenticator = null)
    {
        Gate = new ControlGate(Sink, credits);
        Listeners = new DnsListeners(
            new DnsListenerSettings
            {
                Endpoints = [NetworkEndpoint.From(IPAddress.Parse(host), 0)],
                Authenticator = authenticator,
                Policy = new ListenerPolicy
                {
                    AllowQuery = allowQuery ?? AccessList.Any,
                    AllowControl = allowControl ?? AccessList.Parse("127.0.0.1", "::1"),
                    AllowNotify = AccessList.Parse("127.0.0.1", "::1"),
                    AllowTransfer = AccessList.Parse("127.0.0.1"),
                },
                Gate = Gate,
                Relay = upstream is null
                    ? null
                    : new RelayOptions { Destination = NetworkEndpoint.From(upstream), TimeoutMs = timeoutMs, UdpTableSize = tableSize },
                LocalAnswerer = answerer,
                Transfers = transfers,
                TlsEndpoints = tls is null ? [] : [NetworkEndpoint.From(IPAddress.Parse(host), 0)],
                Tls = tls,
                Udp = new UdpWorkerOptions { Workers = workers, Portable = portable, SlotBytes = slotBytes },
                Tcp = tcp ?? new TcpOptions(),
            },
            NullLoggerFactory.Instance);
        Listeners.Start();
        Port = Listeners.Endpoints[0].Port;
        TlsPort = tls is null ? 0 : Listeners.TlsEndpoints[0].Port;
    }

    public RecordingSink Sink { get; } = new();

    public ControlGate Gate { get; }

    public DnsListeners Listeners { get; }

    public int Port { get; }

    public int TlsPort { get; }

    public Socket Udp(string target = "127.0.0.1")
    {
        IPAddress address = IPAddress.Parse(target);
        var client = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = PatienceMs };
        client.Bind(new IPEndPoint(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, 0));
        client.Connect(address, Port);
        _clients.Add(client);
        return client;
    }

    public Socket Tcp(string target = "127.0.0.1", int? port = null)
    {
        IPAddress address = IPAddress.Parse(target);
        var client = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = PatienceMs, NoDelay = true };
        client.Connect(address, port ?? Port);
        _clients.Add(client);
        return client;
    }

    public static byte[] Exchange(Socket udp, byte[] query)
    {
        udp.Send(query);
        return Receive(udp);
    }

    public static byte[] Receive(Socket udp)
    {
        byte[] buffer = new byte[65535];
        return buffer[..udp.Receive(buffer)];
    }

    public static byte[] ReadFrame(Socket tcp)
    {
        byte[] length = ReadExactly(tcp, 2);
        return ReadExactly(tcp, BinaryPrimitives.ReadUInt16BigEndian(length));
    }

    /// <summary>Waits for the other side to close the connection.</summary>
    public static bool IsClosed(Socket tcp)
    {
        try
        {
            return tcp.Receive(new byte[1]) == 0;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    public static void Eventually(Func<bool> condition) =>
        global::Agent.Bench.Peers.Eventually.HoldsAsync(condition, () => "what the test waits for").GetAwaiter().GetResult();

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        Listeners.Dispose();
    }

    private static byte[] ReadExactly(Socket tcp, int count)
    {
        byte[] buffer = new byte[count];
        for (int done = 0; done < count;)
        {
            int received = tcp.Receive(buffer.AsSpan(done));
            Assert.True(received > 0, "the connection was closed");
            done += received;
        }
        return buffer;
    }

    internal sealed class RecordingSink : IControlSink
    {
        public BlockingCollection<ControlRequest> Requests { get; } = [];

        public bool TryPost(ControlRequest request)
        {
            Requests.Add(request);
            return true;
        }

        public ControlRequest Take()
        {
            Assert.True(Requests.TryTake(out ControlRequest? request, PatienceMs), "no request reached the sink");
            return request!;
        }
    }
}
