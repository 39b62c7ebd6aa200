using System.Net;
using Agent.Actors.Listeners;
using Agent.Dns.Net;
using Agent.Dns.Wire;
using Agent.Host.Sockets;
using Agent.Tests.Listeners;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Sockets;

/// <summary>A worker whose turns the test takes itself, so that everything it does is seen on one thread.</summary>
public sealed class UdpWorkerTests : IDisposable
{
    private const int Queries = 24;

    private readonly UdpSocket _server = Open();
    private readonly UdpSocket _client = Open();
    private readonly MmsgBatch _batch = new();
    private readonly RequestCounters _counters = new();
    private readonly UdpSocket _socket = Open();
    private readonly UdpWorker _worker;

    public UdpWorkerTests()
    {
        var pipeline = new RequestPipeline(new ListenerPolicy(), new PipelineParts
        {
            Counters = _counters,
            ErrorRate = new SourceRateLimiter(50, 100, 1, 64),
            NotifyRate = new SourceRateLimiter(50, 100, 1, 64),
        });
        _worker = new UdpWorker(
            _socket,
            new UdpWorkerOptions(),
            pipeline,
            new ControlGate(new ListenerRig.RecordingSink()),
            new RelayOptions { Destination = _server.LocalEndpoint },
            NullLogger.Instance);
    }

    /// <summary>From the datagram of the client to the answer in its hands: reading, deciding, both tables, four system calls.</summary>
    [Fact]
    public void Steady_relaying_allocates_nothing_per_query()
    {
        byte[][] queries = [.. Enumerable.Range(0, Queries).Select(index =>
            Requests.Query($"{new string('n', 1 + (index % 7))}.example.com.", additional: index % 3 == 0 ? null : Requests.Opt()))];
        int answered = 0;
        long Measure()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 200; round++)
            {
                answered += Round(queries);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Measure();
        Assert.Equal(0, Measure());
        Assert.Equal(2 * 200 * Queries, answered);
        Assert.Equal(2 * 200 * Queries, _counters.Read(AnswerTransport.Udp, Opcode.Query, ResponseCode.NoError));
    }

    public void Dispose()
    {
        _worker.Dispose();
        _server.Dispose();
        _client.Dispose();
        _batch.Dispose();
        _counters.Dispose();
    }

    private static UdpSocket Open() =>
        UdpSocket.Open(new UdpSocketOptions { Local = NetworkEndpoint.From(IPAddress.Loopback, 0), ReceiveTimeoutMs = 5000 });

    private int Round(byte[][] queries)
    {
        foreach (byte[] query in queries)
        {
            query.CopyTo(_batch.NextSend);
            _batch.Commit(query.Length, _socket.LocalEndpoint, default);
        }
        _client.Send(_batch);
        _worker.Turn();
        int count = _server.Receive(_batch, wait: true);
        for (int index = 0; index < count; index++)
        {
            Span<byte> answer = _batch.NextSend;
            _batch.Received(index).CopyTo(answer);
            answer[2] |= 0x84;
            _batch.Commit(_batch.Received(index).Length, _batch.Source(index), default);
        }
        _server.Send(_batch);
        _worker.Turn();
        return _client.Receive(_batch, wait: true);
    }
}
