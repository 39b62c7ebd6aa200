using Agent.Actors.Backends;
using Agent.Backends.Shared;

namespace Agent.Backends.Exec;

/// <summary>
/// Gives changes to the program, many of a kind to one run (<c>apply-many</c>, <c>remove-many</c>): what comes while a run is under way
/// makes up the next group. An exit code speaks for all of a group.
/// <code>
///   group --done--> all done
///     | away ------> all away
///     | any other, more than one
///     v
///   halves, each the same; one alone is told by its own verb, and what the program says of it is its outcome
/// </code>
/// </summary>
/// <remarks>
/// Safe for any number of callers. The program may have carried out a part of a group that failed: orders are idempotent.
/// <para>A group that was not done in time would not be the next time either, so the next ones are smaller, and grow again slowly.</para>
/// </remarks>
internal sealed class ExecGroups(ExecOptions options, ExecCommand command, TimeProvider time) : IAsyncDisposable
{
    private const int Growth = 8;

    private readonly Lock _gate = new();
    private readonly List<ExecChange> _waiting = [];

    // Not disposed: it holds nothing but memory.
    private readonly CancellationTokenSource _closing = new();
    private Task _work = Task.CompletedTask;
    private bool _isWorking;
    private int _groupMax = options.Together;

    /// <summary>Returns when the program has done it.</summary>
    /// <exception cref="BackendException">It has not.</exception>
    public async Task SubmitAsync(ExecChange change, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _waiting.Add(change);
            if (!_isWorking)
            {
                _isWorking = true;
                _work = Task.Run(WorkOffAsync, CancellationToken.None);
            }
        }

        await change.DoneAsync(cancellation);
    }

    /// <summary>Kills the run that is under way; nothing is left when this returns.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Task work;
        lock (_gate) work = _work;
        await work;
    }

    private async Task WorkOffAsync()
    {
        while (TakeGroup() is { Count: > 0 } group)
        {
            long started = time.GetTimestamp();
            try
            {
                bool isAway = await CarryOutAsync(group) is not null;
                Fit(group.Count, isLate: isAway && time.GetElapsedTime(started) >= options.Timeout);
            }
            catch (Exception error)
            {
                foreach (ExecChange change in group) change.Fail(error);
            }

            foreach (ExecChange change in group.Where(static change => change.File is not null)) AtomicFile.TryDelete(change.File!);
        }
    }

    private void Fit(int count, bool isLate)
    {
        if (isLate && count > 1) _groupMax = count / 2;
        else if (count == _groupMax) _groupMax = Math.Min(options.Together, _groupMax + Math.Max(1, _groupMax / Growth));
    }

    /// <summary>The oldest that waits, and others of its kind.</summary>
    private List<ExecChange> TakeGroup()
    {
        lock (_gate)
        {
            List<ExecChange> group = _waiting is [var oldest, ..]
                ? [.. _waiting.Where(change => change.Verb == oldest.Verb).Take(_groupMax)]
                : [];
            HashSet<ExecChange> taken = [.. group];
            _waiting.RemoveAll(taken.Contains);
            _isWorking = group.Count > 0;
            return group;
        }
    }

    /// <summary>Why the program cannot do anything at present; null where it can, whatever it said of these changes.</summary>
    private async Task<BackendException?> CarryOutAsync(List<ExecChange> changes)
    {
        List<ExecChange> group = [.. changes.Where(static change => change.IsOpen)];
        if (group.Count == 0) return null;
        try
        {
            await (group is [var single] ? RunAsync(single.Words, single.File) : RunManyAsync(group));
        }
        catch (BackendException failure) when (failure.Outcome == OrderOutcome.Away || group.Count == 1)
        {
            foreach (ExecChange change in group) change.Fail(failure);
            return failure.Outcome == OrderOutcome.Away ? failure : null;
        }
        catch (BackendException)
        {
            return await InHalvesAsync(group);
        }

        foreach (ExecChange change in group) change.Succeed();
        return null;
    }

    private async Task<BackendException?> InHalvesAsync(List<ExecChange> group)
    {
        int half = group.Count / 2;
        if (await CarryOutAsync(group[..half]) is not { } away) return await CarryOutAsync(group[half..]);
        foreach (ExecChange change in group[half..]) change.Fail(away);
        return away;
    }

    private async Task RunManyAsync(List<ExecChange> group)
    {
        string list = Path.Combine(options.SpoolDirectory, $"exec-{Path.GetRandomFileName()}");
        try
        {
            await File.WriteAllLinesAsync(list, group.Select(static change => change.Line), _closing.Token);
            await RunAsync([$"{group[0].Verb}-many"], list);
        }
        finally
        {
            AtomicFile.TryDelete(list);
        }
    }

    private Task RunAsync(string[] words, string? input) =>
        command.ChangeAsync(new ExecCall(words, options.Timeout) { InputFile = input }, _closing.Token);
}
