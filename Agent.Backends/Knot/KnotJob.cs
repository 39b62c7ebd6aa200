namespace Agent.Backends.Knot;

/// <summary>When in a round a job has its turn.</summary>
internal enum KnotStage
{
    /// <summary>A command that is answered at once.</summary>
    Command = 0,

    /// <summary>A change of the configuration; all of a round go into one transaction.</summary>
    Configuration = 1,

    /// <summary>A command whose answer takes long, or is cut off, on a connection of its own; knotd serves nobody else meanwhile.</summary>
    Alone = 2,
}

/// <summary>One command for knotd, and who waits for its answer.</summary>
/// <param name="stage">When it has its turn.</param>
/// <param name="command">The command's name.</param>
/// <param name="units">What it is about.</param>
/// <param name="cancellation">Whoever waits gave up; a job that was not begun then is not begun any more.</param>
internal sealed class KnotJob(KnotStage stage, string command, IReadOnlyList<KnotUnit> units, CancellationToken cancellation)
{
    private readonly TaskCompletionSource<KnotReply> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isRepeated;

    public KnotStage Stage => stage;

    /// <summary>Where the answer is cut off.</summary>
    public int UnitsMax { get; init; } = 4096;

    public bool IsGivenUp => cancellation.IsCancellationRequested;

    public Task<KnotReply> Reply => _reply.Task.WaitAsync(cancellation);

    public CancellationToken Cancellation => cancellation;

    public bool IsAnswered => _reply.Task.IsCompleted;

    /// <summary>True for the first time: it may be given to knotd once more. It may then be carried out twice, and every command of the
    /// driver bears that.</summary>
    public bool TryRepeat()
    {
        bool isFirst = !_isRepeated;
        _isRepeated = true;
        return isFirst;
    }

    public void AddTo(KnotRequest request) => request.Add(command, units);

    public void Answer(KnotReply reply) => _reply.TrySetResult(reply);

    public void Fail(Exception error)
    {
        _reply.TrySetException(error);
        // Somebody who gave up does not look at it any more.
        _ = _reply.Task.Exception;
    }
}
