using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>
/// A master on loopback, UDP and TCP on one port, that does to each query exactly what its script says: also what no real server does.
/// It counts what it was asked and how many connections were held.
/// </summary>
public sealed class ScriptedMaster : IAsyncDisposable
{
    private readonly Func<MasterQuery, IEnumerable<MasterStep>> _script;
    private readonly TcpListener _listener;
    private readonly UdpClient _datagrams;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<MasterQuery> _queries = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private readonly Task _loops;
    private TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;
    private int _accepted;
    private int _openMax;

    public ScriptedMaster(Func<MasterQuery, IEnumerable<MasterStep>> script, IPAddress? address = null, int? port = null)
    {
        _script = script;
        address ??= IPAddress.Loopback;
        (EndPoint, _listener, _datagrams) = port is { } asked
            ? Bind(new IPEndPoint(address, asked))
            : LoopbackPort.Open(address, Bind);
        _loops = Task.WhenAll(AcceptAsync(), ReceiveAsync());
    }

    /// <summary>A master of one zone that behaves.</summary>
    public ScriptedMaster(ScriptedZone zone)
        : this(zone.Answer)
    {
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Every query so far, in the order of arrival.</summary>
    public IReadOnlyCollection<MasterQuery> Queries => _queries;

    public int ConnectionsAccepted => Volatile.Read(ref _accepted);

    public int ConnectionsOpen => Volatile.Read(ref _open);

    public int ConnectionsOpenMax => Volatile.Read(ref _openMax);

    public int CountOf(ushort type) => _queries.Count(query => query.Type == type);

    /// <summary>Lets every stalled step go on; later ones stall again.</summary>
    public void Release()
    {
        TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _released, next).SetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        _datagrams.Dispose();
        await _loops;
        await Task.WhenAll(_sessions);
        _stop.Dispose();
    }

    private static (IPEndPoint At, TcpListener Listener, UdpClient Datagrams) Bind(IPEndPoint at)
    {
        var datagrams = new UdpClient(at);
        try
        {
            var listener = new TcpListener(at);
            listener.Start();
            return (at, listener, datagrams);
        }
        catch
        {
            datagrams.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                int open = Interlocked.Increment(ref _open);
                int max = Volatile.Read(ref _openMax);
                while (open > max && Interlocked.CompareExchange(ref _openMax, open, max) is int seen && seen != max)
                {
                    max = seen;
                }

                _sessions.Add(ServeConnectionAsync(client));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                UdpReceiveResult received = await _datagrams.ReceiveAsync(_stop.Token);
                _sessions.Add(ServeDatagramAsync(new MasterQuery(received.Buffer, IsTcp: false, received.RemoteEndPoint)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    /// <summary>
    /// Shows the query to the test. The gate that its first stall waits at is taken before, so a release that follows the sight of the
    /// query opens it.
    /// </summary>
    private Task Note(MasterQuery query)
    {
        Task gate = Volatile.Read(ref _released).Task;
        _queries.Enqueue(query);
        return gate;
    }

    /// <summary>Waits at the gate; the result is the next one.</summary>
    private async Task<Task> PassAsync(Task gate)
    {
        await gate.WaitAsync(_stop.Token);
        return Volatile.Read(ref _released).Task;
    }

    private async Task ServeDatagramAsync(MasterQuery query)
    {
        Task gate = Note(query);
        try
        {
            foreach (MasterStep step in _script(query))
            {
                if (step is MasterStep.Stall)
                {
                    gate = await PassAsync(gate);
                }
                else if (step is MasterStep.Send or MasterStep.SendOctets)
                {
                    byte[] message = step is MasterStep.Send send ? send.Message : ((MasterStep.SendOctets)step).Octets;
                    await _datagrams.SendAsync(message, query.Client, _stop.Token);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped, or the client is gone.
        }
    }

    private async Task ServeConnectionAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                IPEndPoint remote = (IPEndPoint)client.Client.RemoteEndPoint!;
                while (await DnsSender.ReadFramedAsync(stream, _stop.Token) is { } message)
                {
                    MasterQuery query = new(message, IsTcp: true, remote);
                    Task gate = Note(query);
                    foreach (MasterStep step in _script(query))
                    {
                        if (step is MasterStep.Stall)
                        {
                            gate = await PassAsync(gate);
                        }
                        else if (!await TakeStepAsync(client, stream, step))
                        {
                            return;
                        }
                    }
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // Stopped, or the client is gone.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>False when the connection is over.</summary>
    private async Task<bool> TakeStepAsync(TcpClient client, NetworkStream stream, MasterStep step)
    {
        switch (step)
        {
            case MasterStep.Send send:
                await stream.WriteAsync(DnsSender.Frame(send.Message), _stop.Token);
                return true;
            case MasterStep.SendOctets send:
                await stream.WriteAsync(send.Octets, _stop.Token);
                return true;
            case MasterStep.Drip drip:
                using (PeriodicTimer pace = new(drip.Pause))
                {
                    foreach (byte[] piece in drip.Octets.Chunk(drip.PieceBytes))
                    {
                        await stream.WriteAsync(piece, _stop.Token);
                        await pace.WaitForNextTickAsync(_stop.Token);
                    }
                }

                return true;
            case MasterStep.Reset:
                client.Client.LingerState = new LingerOption(true, 0);
                return false;
            default:
                return false;
        }
    }
}
