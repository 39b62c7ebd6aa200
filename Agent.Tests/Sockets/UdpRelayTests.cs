using System.Net;
using Agent.Actors.Listeners;
using Agent.Dns.Net;
using Agent.Host.Sockets;
using Agent.Tests.Listeners;

namespace Agent.Tests.Sockets;

/// <summary>The relay driven by hand on one thread, server and clients included.</summary>
public sealed class UdpRelayTests : IDisposable
{
    private const int TableSize = 256;

    private readonly UdpSocket _server = Open();
    private readonly UdpSocket _clients = Open();
    private readonly MmsgBatch _serverBatch = new();
    private readonly MmsgBatch _toClients = new();
    private readonly RequestCounters _counters = new();
    private readonly UdpRelay _relay;

    public UdpRelayTests()
    {
        var pipeline = new RequestPipeline(new ListenerPolicy(), new PipelineParts { Counters = _counters });
        var options = new RelayOptions
        {
            Destination = _server.LocalEndpoint, TimeoutMs = 1000, UpstreamSockets = 4, UdpTableSize = TableSize,
        };
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
            _relay.Forward(query, client, hints, 0, _clients, _toClients);
        }
        _relay.Flush();
        Serve();
        // Nothing is lost between a full batch and the next: what has no slot leaves first.
        PumpAll();
        _clients.Send(_toClients);
        Assert.Equal(0, _relay.OpenCount);
        Assert.Equal(0, _clients.SendDrops);
    }

    [Fact]
    public void A_full_table_gives_up_its_oldest_query_for_the_new_one()
    {
        var hints = new RelayHints(Requests.Query().Length, HasEdns: false, IsSigned: false);
        var client = new ReplyToken(_clients.LocalEndpoint, _clients.LocalEndpoint);
        for (int index = 0; index < TableSize + 3; index++)
        {
            _relay.Forward(Requests.Query(type: (ushort)(index + 1)), client, hints, 0, _clients, _toClients);
        }
        Assert.Equal(TableSize, _relay.OpenCount);
        Assert.Equal(3, _toClients.PendingCount);
        for (int index = 0; index < 3; index++)
        {
            Assert.Equal(0x8102, Requests.FlagsOf(_toClients.Pending(index)));
            Assert.Equal(index + 1, _toClients.Pending(index)[^3]);
        }
        Assert.Equal(3, _counters.Read(AnswerTransport.Udp, Agent.Dns.Wire.Opcode.Query, Agent.Dns.Wire.ResponseCode.ServFail));
    }

    [Fact]
    public void A_closed_port_ends_what_was_sent_to_it_at_once()
    {
        _server.Dispose();
        Forward(nowMs: 500, count: 5);
        AfterReports(nowMs: 500);
        Assert.Equal((0, 5), (_relay.OpenCount, _toClients.PendingCount));
        Assert.Equal(0x8102, Requests.FlagsOf(_toClients.Pending(0)));
    }

    [Fact]
    public void A_closed_port_is_in_doubt_while_the_server_has_just_answered()
    {
        Forward(nowMs: 500, count: 1);
        Serve();
        PumpAll(nowMs: 500);
        Assert.Equal((0, 1), (_relay.OpenCount, _toClients.PendingCount));
        _clients.Send(_toClients);
        _server.Dispose();
        Forward(nowMs: 505, count: 5);
        AfterReports(nowMs: 505);
        Assert.Equal(5, _relay.OpenCount);
        Forward(nowMs: 515, count: 1);
        // The report speaks of what was sent before it only; but by now there is one more, about the sixth.
        AfterReports(nowMs: 519);
        Assert.Equal((6, 0), (_relay.OpenCount, _toClients.PendingCount));
        AfterReports(nowMs: 520);
        Assert.Equal((0, 6), (_relay.OpenCount, _toClients.PendingCount));
    }

    [Fact]
    public void An_answer_after_the_report_shows_that_the_server_is_there()
    {
        _server.Dispose();
        Forward(nowMs: 500, count: 1);
        using UdpSocket again = UdpSocket.Open(new UdpSocketOptions { Local = _server.LocalEndpoint, ReceiveTimeoutMs = 5000 });
        Forward(nowMs: 501, count: 1);
        Serve(again);
        PumpAll(nowMs: 502);
        _relay.NoteReports(502);
        _relay.Sweep(_clients, _toClients, 502);
        // The first was lost, which only its deadline can tell now; the second was answered.
        Assert.Equal((1, 1), (_relay.OpenCount, _toClients.PendingCount));
        Assert.Equal(0x8500, Requests.FlagsOf(_toClients.Pending(0)));
        _relay.Sweep(_clients, _toClients, 1499);
        Assert.Equal(1, _relay.OpenCount);
        _relay.Sweep(_clients, _toClients, 1500);
        Assert.Equal((0, 2), (_relay.OpenCount, _toClients.PendingCount));
    }

    [Fact]
    public void Every_socket_towards_the_server_is_used_and_answered_where_it_asked()
    {
        var ports = new HashSet<ushort>();
        for (int round = 0; round < 200 && ports.Count < 4; round++)
        {
            Forward(nowMs: 0, count: 1);
            Assert.Equal(1, _server.Receive(_serverBatch, wait: true));
            ports.Add(_serverBatch.Source(0).Port);
            // To every socket but the one that asked: nothing may come of it.
            foreach (UdpSocket socket in _relay.Sockets.Where(socket => socket.LocalEndpoint.Port != _serverBatch.Source(0).Port))
            {
                AnswerTo(_serverBatch.Source(0) with { Port = socket.LocalEndpoint.Port });
            }
            PumpAll(nowMs: 0);
            Assert.Equal((1, 0), (_relay.OpenCount, _toClients.PendingCount));
            AnswerTo(_serverBatch.Source(0));
            PumpAll(nowMs: 0);
            Assert.Equal((0, 1), (_relay.OpenCount, _toClients.PendingCount));
            _clients.Send(_toClients);
        }
        Assert.Equal(4, ports.Count);
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
            _relay.Forward(query, client, hints, 0, _clients, _toClients);
        }
        _relay.Flush();
        Serve();
        PumpAll();
        int answered = _toClients.PendingCount;
        _clients.Send(_toClients);
        return answered;
    }

    private void Forward(long nowMs, int count)
    {
        byte[] query = Requests.Query();
        var hints = new RelayHints(query.Length, HasEdns: false, IsSigned: false);
        var client = new ReplyToken(_clients.LocalEndpoint, _clients.LocalEndpoint);
        for (int index = 0; index < count; index++)
        {
            _relay.Forward(query, client, hints, nowMs, _clients, _toClients);
        }
        _relay.Flush();
    }

    private void AnswerTo(in NetworkEndpoint socket)
    {
        Span<byte> answer = _serverBatch.NextSend;
        _serverBatch.Received(0).CopyTo(answer);
        answer[2] |= 0x84;
        _serverBatch.Commit(_serverBatch.Received(0).Length, socket, _serverBatch.Local(0));
        Assert.Equal(1, _server.Send(_serverBatch));
    }

    private void AfterReports(long nowMs)
    {
        PumpAll(nowMs);
        _relay.NoteReports(nowMs);
        _relay.Sweep(_clients, _toClients, nowMs);
    }

    /// <summary>On loopback a datagram is there as soon as it is sent, so one pass sees all.</summary>
    private void Serve() => Serve(_server);

    private void Serve(UdpSocket server)
    {
        for (int count = server.Receive(_serverBatch, wait: true); count > 0; count = server.Receive(_serverBatch, wait: false))
        {
            for (int index = 0; index < count; index++)
            {
                Span<byte> answer = _serverBatch.NextSend;
                _serverBatch.Received(index).CopyTo(answer);
                answer[2] |= 0x84;
                _serverBatch.Commit(_serverBatch.Received(index).Length, _serverBatch.Source(index), _serverBatch.Local(index));
            }
            server.Send(_serverBatch);
        }
    }

    private void PumpAll(long nowMs = 0)
    {
        for (int pass = 0; pass < 8 && _relay.OpenCount > 0; pass++)
        {
            for (int index = 0; index < _relay.Sockets.Count; index++)
            {
                _relay.Pump(index, _clients, _toClients, nowMs);
            }
        }
    }
}
