using System.Net.Sockets;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Agent.Backends.Shared;

namespace Agent.Backends.Knot;

/// <summary>
/// A control connection to knotd for one round of commands:
/// <code>
///   connect -> commands, all at once -> answers, one for each in the same order -> more commands ... -> end
///   any error, a late answer, a cancelled wait -> broken: only good for disposal
/// </code>
/// knotd 3.2 serves one connection at a time and waits five seconds for a silent one (control.timeout), so a connection is not kept when
/// there is nothing to say: whoever else wants to control knotd would have to wait. On a socket of this machine a new one costs
/// microseconds.
/// </summary>
internal sealed class KnotConnection : IAsyncDisposable
{
    private const int ReadSize = 64 * 1024;

    // The largest answers by far are lists of zones, and a name is at most 1009 octets of text.
    private const int UnitSizeMax = 256 * 1024;

    private readonly string _path;
    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private byte[] _buffer = new byte[ReadSize];
    private int _start;
    private int _end;
    private bool _isSound = true;

    private KnotConnection(string path, Socket socket, TimeProvider time)
    {
        _path = path;
        _socket = socket;
        _time = time;
    }

    /// <summary>Null when the kernel does not tell who is at the other side.</summary>
    public int? ServerProcess => KnotProcess.IdOf(_socket);

    /// <exception cref="KnotException">knotd is not there, or does not let us in.</exception>
    public static async Task<KnotConnection> OpenAsync(string path, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return new KnotConnection(path, await ControlSocket.ConnectAsync(path, cancellation), time);
        }
        catch (SocketException error)
        {
            string hint = error.SocketErrorCode == SocketError.AccessDenied
                ? "; who controls knotd must be its user or in its group" : "";
            throw new KnotException($"cannot connect to knotd's control socket {path}: {error.Message}{hint}", error);
        }
    }

    /// <summary>Sends commands and waits for the answers.</summary>
    /// <param name="request">The commands.</param>
    /// <param name="answered">Takes each answer as it comes, with the number of its command.</param>
    /// <param name="unitsMax">An answer with so many units is cut off there; it must be the last on this connection.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="KnotException">The connection broke or the answer is not to be understood.</exception>
    public async Task ExchangeAsync(KnotRequest request, Action<int, KnotReply> answered, int unitsMax, CancellationToken cancellation)
    {
        long started = _time.GetTimestamp();
        _isSound = false;
        FaultPoint.Pass("knot.sending");
        // Beside the reading: while knotd cannot get rid of an answer it takes no command.
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task sending = SendAsync(request.Octets, stop.Token);
        try
        {
            for (int command = 0; command < request.Commands; command++)
                answered(command, await ReadReplyAsync(unitsMax, cancellation));
            await sending;
        }
        catch (SocketException error)
        {
            throw new KnotException($"the control connection to {_path} broke: {error.Message}", error, isClosed: true);
        }
        finally
        {
            await stop.CancelAsync();
            await sending.ContinueWith(
                task => task.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        _isSound = true;

        FaultPoint.Pass("knot.answered");
        ChangeMetrics.Waited(ChangeWait.TargetServer, _time.GetElapsedTime(started));
    }

    /// <summary>Says that no more comes, so that knotd turns to the next one at once.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // On one that broke even this could wait for ever.
            if (_isSound)
                await _socket.SendAsync(new[] { (byte)KnotUnitType.End }, SocketFlags.None);
        }
        catch (SocketException)
        {
            // It is gone already.
        }

        _socket.Dispose();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellation)
    {
        while (!octets.IsEmpty)
            octets = octets[await _socket.SendAsync(octets, SocketFlags.None, cancellation)..];
        FaultPoint.Pass("knot.sent");
    }

    private async Task<KnotReply> ReadReplyAsync(int unitsMax, CancellationToken cancellation)
    {
        List<KnotUnit> units = [];
        while (true)
        {
            KnotUnit unit = await ReadUnitAsync(cancellation);
            if (unit.Type == KnotUnitType.Block)
                return new KnotReply(units);
            if (unit.Type == KnotUnitType.End)
                throw new KnotException($"knotd ended the control connection to {_path}, as it does when it stops");
            units.Add(unit);
            if (units.Count >= unitsMax)
                return new KnotReply(units);
        }
    }

    private async Task<KnotUnit> ReadUnitAsync(CancellationToken cancellation)
    {
        while (true)
        {
            KnotDecoding decoding = KnotCodec.TryRead(_buffer.AsSpan(_start.._end), out KnotUnit? unit, out int consumed);
            if (decoding == KnotDecoding.Unit)
            {
                _start += consumed;
                return unit!;
            }

            if (decoding == KnotDecoding.Malformed || _end - _start > UnitSizeMax)
                throw new KnotException($"what answers on {_path} does not speak knotd's control protocol");
            MakeRoom();
            int got = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellation);
            if (got == 0)
                throw new KnotException($"knotd closed the control connection to {_path}", inner: null, isClosed: true);
            _end += got;
        }
    }

    private void MakeRoom()
    {
        if (_buffer.Length - _end >= ReadSize / 2)
            return;
        int length = _end - _start;
        byte[] larger = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        Buffer.BlockCopy(_buffer, _start, larger, 0, length);
        _buffer = larger;
        _start = 0;
        _end = length;
    }
}
