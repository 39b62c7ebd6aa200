namespace Agent.Backends.Knot;

/// <summary>
/// Takes jobs from any number of callers and brings them to knotd in rounds: a round is all that waits, over one connection, and all its
/// changes of the configuration are one transaction. So a thousand zones that come at once cost some rounds and not a thousand commits,
/// and a single one does not wait for others.
/// </summary>
/// <remarks>Between two rounds knotd may turn to others who want to control it.</remarks>
internal sealed class KnotClient(string path, TimeProvider time) : IAsyncDisposable
{
    private const int RoundMax = 256;

    // Far beyond what a round takes. Only commands that wait are given as much time as their own order has.
    private static readonly TimeSpan RoundPatience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Queue<KnotJob> _waiting = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _rounds = Task.CompletedTask;
    private bool _isAtWork;
    private bool _isClosed;
    private int? _knownProcess;

    /// <summary>The text file that knotd runs from, as of the newest connection; null when it has a database, or nobody can tell.</summary>
    public string? TextFile { get; private set; }

    /// <exception cref="KnotException">knotd cannot be reached, or its answer not be understood.</exception>
    public Task<KnotReply> CallAsync(KnotJob job)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _waiting.Enqueue(job);
            if (!_isAtWork)
            {
                _isAtWork = true;
                _rounds = Task.Run(WorkAsync);
            }
        }

        return job.Reply;
    }

    /// <summary>Ends the round under way; its jobs fail.</summary>
    public async ValueTask DisposeAsync()
    {
        Task rounds;
        lock (_lock)
        {
            _isClosed = true;
            rounds = _rounds;
        }

        await _closing.CancelAsync();
        await rounds;
        _closing.Dispose();
    }

    private async Task WorkAsync()
    {
        while (TakeRound() is { } jobs)
        {
            try
            {
                await RoundAsync([.. jobs.Where(job => !job.IsGivenUp)]);
            }
            catch (KnotException error) when (error.IsClosed)
            {
                // knotd waits five seconds for a silent client; on a machine that is choked we may have been one.
                foreach (KnotJob job in jobs.Where(job => !job.IsAnswered))
                    RepeatOrFail(job, error);
            }
            catch (OperationCanceledException)
            {
                foreach (KnotJob job in jobs)
                    job.Fail(new KnotException($"knotd did not answer on {path} within {RoundPatience.TotalSeconds:0} s"));
            }
            catch (Exception error)
            {
                // Those that have their answer keep it.
                foreach (KnotJob job in jobs)
                    job.Fail(error);
            }
        }
    }

    private void RepeatOrFail(KnotJob job, KnotException error)
    {
        if (!job.TryRepeat())
        {
            job.Fail(error);
            return;
        }

        lock (_lock)
            _waiting.Enqueue(job);
    }

    private List<KnotJob>? TakeRound()
    {
        lock (_lock)
        {
            List<KnotJob> jobs = [];
            while (jobs.Count < RoundMax && _waiting.TryDequeue(out KnotJob? job))
                jobs.Add(job);
            _isAtWork = jobs.Count > 0;
            return _isAtWork ? jobs : null;
        }
    }

    private async Task RoundAsync(IReadOnlyList<KnotJob> jobs)
    {
        if (jobs.Count == 0)
            return;
        using CancellationTokenSource late = new(RoundPatience, time);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _closing.Token);
        KnotJob[] commands = [.. jobs.Where(job => job.Stage == KnotStage.Command)];
        KnotJob[] changes = [.. jobs.Where(job => job.Stage == KnotStage.Configuration)];
        if (commands.Length + changes.Length > 0)
        {
            await using KnotConnection connection = await OpenAsync(stop.Token);
            await ExchangeAsync(connection, commands, stop.Token);
            if (changes.Length > 0)
                await KnotTransaction.RunAsync(connection, changes, time, stop.Token);
        }

        foreach (KnotJob job in jobs.Where(job => job.Stage == KnotStage.Alone && !job.IsGivenUp))
            await AloneAsync(job);
    }

    private async Task AloneAsync(KnotJob job)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(job.Cancellation, _closing.Token);
        try
        {
            await using KnotConnection connection = await OpenAsync(stop.Token);
            await ExchangeAsync(connection, [job], stop.Token);
        }
        catch (OperationCanceledException) when (job.IsGivenUp)
        {
            // Nobody waits for the answer any more.
        }
    }

    private async Task<KnotConnection> OpenAsync(CancellationToken cancellation)
    {
        KnotConnection connection = await KnotConnection.OpenAsync(path, time, cancellation);
        int? process = connection.ServerProcess;
        if (process != _knownProcess)
        {
            _knownProcess = process;
            TextFile = process is { } id ? KnotProcess.TextFileOf(id) : null;
        }

        return connection;
    }

    private static async Task ExchangeAsync(KnotConnection connection, KnotJob[] jobs, CancellationToken cancellation)
    {
        if (jobs.Length == 0)
            return;
        KnotRequest request = new();
        foreach (KnotJob job in jobs)
            job.AddTo(request);
        await connection.ExchangeAsync(
            request, (command, reply) => jobs[command].Answer(reply), jobs.Max(job => job.UnitsMax), cancellation);
    }
}
