using System.Net.Sockets;

namespace Agent.Backends.Shared;

/// <summary>One question of <see cref="QuestionSockets"/>. It may be sent more than once; the answer to any sending counts.</summary>
public sealed class DatagramQuestion : IDisposable
{
    private readonly Lock _gate = new();
    private readonly QuestionSocket _socket;
    private readonly DatagramTaker _take;

    // Null: answered. An error: nobody listens there.
    private TaskCompletionSource<SocketException?> _outcome = New();
    private bool _isOver;

    internal DatagramQuestion(QuestionSocket socket, ushort id, DatagramTaker take)
    {
        _socket = socket;
        _take = take;
        Id = id;
    }

    /// <summary>What its message must carry as id.</summary>
    public ushort Id { get; }

    /// <summary>Sends the message and waits for an answer that is taken; false when none came in time.</summary>
    /// <exception cref="SocketException">It cannot be sent, or nobody listens there. It may be tried again at once.</exception>
    /// <exception cref="OperationCanceledException">The token said so.</exception>
    public async Task<bool> AskAsync(ReadOnlyMemory<byte> message, TimeSpan patience, CancellationToken cancellation)
    {
        Task<SocketException?> outcome = Begin();
        if (outcome.IsCompleted)
            return true;
        await _socket.SendAsync(message, cancellation);
        await ((Task)outcome.WaitAsync(patience, _socket.Time, cancellation)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!outcome.IsCompleted)
        {
            cancellation.ThrowIfCancellationRequested();
            return false;
        }

        return await outcome is { } refused ? throw refused : true;
    }

    /// <summary>Nobody waits for its answer any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            _isOver = true;
        }

        _socket.Close(this);
    }

    /// <summary>False: it is not the answer.</summary>
    internal bool Hear(ReadOnlySpan<byte> datagram)
    {
        lock (_gate)
        {
            if (_isOver || !_take(datagram))
                return false;
            _outcome.TrySetResult(null);
            return true;
        }
    }

    internal void Refuse(SocketException error)
    {
        lock (_gate)
            _outcome.TrySetResult(error);
    }

    private static TaskCompletionSource<SocketException?> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What becomes of the next sending; complete when the question is answered already.</summary>
    private Task<SocketException?> Begin()
    {
        lock (_gate)
        {
            if (_outcome.Task is { IsCompletedSuccessfully: true } before && before.GetAwaiter().GetResult() is not null)
                _outcome = New();
            return _outcome.Task;
        }
    }
}
