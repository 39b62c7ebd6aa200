using Agent.Backends.Shared;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Backends.Nsd;

/// <summary>
/// Waits for the reloads that bring in what nsd was given, for many orders by one question: nsd takes its tasks in the order in which it
/// was given them, so when the last of some zones is served the reload of all of them is over. What comes meanwhile makes up the next lot.
/// </summary>
/// <remarks>
/// It proves nothing of the others and is not meant to: each is asked for afterwards. But asked then, they answer at the first time, where
/// each by itself would be asked six or seven times, and the last time late. A zone that nsd does not load holds up its lot for
/// <see cref="Patience"/> at most.
/// <para>Safe for any number of callers.</para>
/// </remarks>
internal sealed class NsdReloads(ServerProbe probe, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(3);

    private readonly Lock _gate = new();
    private List<Entry> _waiting = [];
    private bool _isLooking;

    /// <summary>Returns when nsd has likely come to this version, or should have.</summary>
    /// <param name="zone">What nsd was told of.</param>
    /// <param name="serial">Its version; null when it was taken away.</param>
    /// <param name="cancellation">Ends the waiting of this caller.</param>
    public Task PassedAsync(DomainName zone, uint? serial, CancellationToken cancellation)
    {
        Entry entry = new(zone, serial);
        lock (_gate)
        {
            _waiting.Add(entry);
            if (!_isLooking)
            {
                _isLooking = true;
                _ = Task.Run(LookAsync, CancellationToken.None);
            }
        }

        return entry.Passed.Task.WaitAsync(cancellation);
    }

    private async Task LookAsync()
    {
        while (true)
        {
            List<Entry> lot;
            lock (_gate)
            {
                lot = _waiting;
                _waiting = [];
                if (lot.Count == 0)
                {
                    _isLooking = false;
                    return;
                }
            }

            try
            {
                await ServedAsync(lot[^1]);
            }
            catch (Exception error) when (error is BackendException or OperationCanceledException)
            {
                // Whoever asks for each of them will hear it too.
            }
            finally
            {
                foreach (Entry entry in lot)
                    entry.Passed.TrySetResult();
            }
        }
    }

    private async Task ServedAsync(Entry last)
    {
        using CancellationTokenSource late = new(Patience, time);
        while (!last.IsShownBy(await probe.AskAsync(last.Zone, late.Token)))
            await Task.Delay(BetweenLooks, time, late.Token);
    }

    private sealed record Entry(DomainName Zone, uint? Serial)
    {
        /// <summary>A zone that is gone is refused, or answered from the one above it.</summary>
        public bool IsShownBy(ServerFinding finding) => finding.Kind == SoaAnswerKind.Authoritative
            ? finding.Answer!.Value.Serial == Serial
            : Serial is null && finding.Answer is not null;

        public TaskCompletionSource Passed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
