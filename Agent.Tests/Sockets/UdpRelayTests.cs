using System.Net;
using Agent.Actors.Listeners;
using Agent.Dns.Net;
using Agent.Host.Sockets;
using Agent.Tests.Listeners;

namespace Agent.Tests.Sockets;

/// <summary>The relay driven by hand on one thread, server and clients included.</summary>
public sealed class UdpRelayTests : IDisposable
{
    private readonly UdpSocket _server = Open();
    private readonly UdpSocket _clients = Open();
    private readonly MmsgBatch _serverBatch = new();
    private readonly MmsgBatch _toClients = new();
    private readonly RequestCounters _counters = new();
    private readonly UdpRelay _relay;

    public UdpRelayTests()
    {
        var pipeline = new RequestPipeline(new ListenerPolicy(), new PipelineParts { Counters = _counters });
        var options = new RelayOptions { Destination = _server.LocalEndpoint, TimeoutMs = 1000, UdpTableSize = 256 };
        _relay = new UdpRelay(options, MmsgBatch.DefaultSlots, MmsgBatch.DefaultSlotBytes, pipeline, portable: false);
    }

    [Fact]
    public void Steady_relaying_allocates_nothing()
    {
        byte[] query = Requests.Query(additional: Requests.Opt());
        var hints = new RelayHints(query.Length - 11, HasEdns: true, IsSigned: false);
        var client = new ReplyToken(_clients.LocalEndpoint, _clients.LocalEndpoint);
        int answered = 0;
        long Measure()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 200; round++)
            {
                answered += Relay(query, client, hints, 20);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Measure();
        Assert.Equal(0, Measure());
        Assert.Equal(8000, answered);
        Assert.Equal(0, _relay.OpenCount);
        Assert.Equal(8000, _counters.Read(AnswerTransport.Udp, Agent.Dns.Wire.Opcode.Query, Agent.Dns.Wire.ResponseCode.NoError));
    }

    [Fact]
    public void More_answers_than_slots_all_reach_their_clients()
    {
        byte[] query = Requests.Query();
        var hints = new RelayHints(query.Length, HasEdns: false, IsSigned: false);
        var client = new ReplyToken(_clients.LocalEndpoint, _clients.LocalEndpoint);
        for (int index = 0; index < 100; index++)
        {
            Assert.True(_relay.TryForward(query, client, hints, 0));
        }
        _relay.Flush();
        Serve();
        // Nothing is lost between a full batch and the next: what has no slot leaves first.
        PumpAll();
        _clients.Send(_toClients);
        Assert.Equal(0, _relay.OpenCount);
        Assert.Equal(0, _clients.SendDrops);
    }

    public void Dispose()
    {
        _relay.Dispose();
        _server.Dispose();
        _clients.Dispose();
        _serverBatch.Dispose();
        _toClients.Dispose();
        _counters.Dispose();
    }

    private static UdpSocket Open() =>
        UdpSocket.Open(new UdpSocketOptions { Local = NetworkEndpoint.From(IPAddress.Loopback, 0), ReceiveTimeoutMs = 5000 });

    private int Relay(byte[] query, in ReplyToken client, in RelayHints hints, int count)
    {
        for (int index = 0; index < count; index++)
        {
            _relay.TryForward(query, client, hints, 0);
        }
        _relay.Flush();
        Serve();
        PumpAll();
        int answered = _toClients.PendingCount;
        _clients.Send(_toClients);
        return answered;
    }

    /// <summary>On loopback a datagram is there as soon as it is sent, so one pass sees all.</summary>
    private void Serve()
    {
        for (int count = _server.Receive(_serverBatch, wait: true); count > 0; count = _server.Receive(_serverBatch, wait: false))
        {
            for (int index = 0; index < count; index++)
            {
                Span<byte> answer = _serverBatch.NextSend;
                _serverBatch.Received(index).CopyTo(answer);
                answer[2] |= 0x84;
                _serverBatch.Commit(_serverBatch.Received(index).Length, _serverBatch.Source(index), _serverBatch.Local(index));
            }
            _server.Send(_serverBatch);
        }
    }

    private void PumpAll()
    {
        for (int pass = 0; pass < 8 && _relay.OpenCount > 0; pass++)
        {
            for (int index = 0; index < _relay.Sockets.Count; index++)
            {
                _relay.Pump(index, _clients, _toClients);
            }
        }
    }
}
