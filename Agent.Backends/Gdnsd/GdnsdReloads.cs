using System.Globalization;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// Has changes of zone files taken by gdnsd, many by one reload: what comes while one is under way makes up the next group.
/// <code>
///   stage all -> reload --done--> settle all
///                  | failed
///                  v
///   take all back -> reload --failed--> all away: a file of somebody else is bad
///                      | done
///                      v
///   halves, each: stage -> reload --done--> settle
///                            \ failed: take back, and its halves; one alone is the culprit and refused
/// </code>
/// What gdnsd serves does not shrink meanwhile: a reload that fails leaves everything as it was.
/// </summary>
/// <remarks>Safe for any number of callers. What an earlier process left is brought to an end first.</remarks>
internal sealed class GdnsdReloads(GdnsdFolder folder, GdnsdControl control, TimeProvider time)
{
    /// <summary>The most changes in one reload, so that a culprit is found in eighteen more at most.</summary>
    private const int ChangesMax = 500;

    private readonly Lock _gate = new();
    private readonly Queue<GdnsdChange> _waiting = new();
    private readonly GdnsdZoneTree _tree = new();
    private bool _isWorking;
    private Task _work = Task.CompletedTask;
    private bool _isTreeStale = true;
    private DateTimeOffset _lastGoodReload = DateTimeOffset.MinValue;
    private Task? _ready;
    private bool _isPrepared;
    private volatile string? _blockage;

    /// <summary>Returns when what an earlier process left is done with; contents may be written from then on.</summary>
    /// <exception cref="IOException">The folder does not let us.</exception>
    public Task ReadyAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_ready is null or { IsFaulted: true })
                _ready = Task.Run(RecoverAsync, CancellationToken.None);
            return _ready.WaitAsync(cancellation);
        }
    }

    /// <summary>Returns when gdnsd serves the change.</summary>
    /// <exception cref="BackendException">It does not.</exception>
    public async Task SubmitAsync(GdnsdChange change, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _waiting.Enqueue(change);
            if (!_isWorking)
            {
                _isWorking = true;
                _work = Task.Run(WorkOffAsync, CancellationToken.None);
            }
        }

        await change.DoneAsync(cancellation);
    }

    /// <summary>
    /// Why no change at all gets through, as the last reload found; null when nothing is known to stand in the way. While it stands this
    /// asks for one more reload, unless changes wait that will.
    /// </summary>
    public async Task<string?> BlockageAsync(CancellationToken cancellation)
    {
        Task look;
        lock (_gate)
        {
            if (_blockage is null || _isWorking)
                return _blockage;
            _isWorking = true;
            _work = look = Task.Run(LookAgainAsync, CancellationToken.None);
        }

        await look.WaitAsync(cancellation);
        return _blockage;
    }

    /// <summary>
    /// Returns when nothing is done to the folder any more. Nobody may wait for what was under way, but who has the folder next must not
    /// meet it there.
    /// </summary>
    public async Task EndedAsync()
    {
        Task work;
        Task? ready;
        lock (_gate)
            (work, ready) = (_work, _ready);
        // How it ended is told to those who asked for it.
        await Task.WhenAll(work, ready ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Where gdnsd took the files before, they are for good; else they go, and it can start again.</summary>
    private async Task RecoverAsync()
    {
        if (!_isPrepared)
            folder.Prepare();
        _isPrepared = true;
        folder.MakeBeside();
        if (!folder.HasOpenChanges)
            return;
        bool isTaken = false;
        try
        {
            isTaken = await control.ReloadAsync();
        }
        catch (BackendException)
        {
            // It may have ended because of them.
        }

        if (isTaken)
            folder.SettleAll();
        else
            folder.TakeBackAll();
    }

    private void RecoverAnew()
    {
        lock (_gate)
            _ready = null;
    }

    private async Task LookAgainAsync()
    {
        try
        {
            if (await control.ReloadAsync())
                _blockage = null;
        }
        catch (BackendException)
        {
            // The probe that asked finds out by itself that it cannot be reached.
        }
        finally
        {
            await WorkOffAsync();
        }
    }

    private async Task WorkOffAsync()
    {
        while (true)
        {
            List<GdnsdChange> group = TakeGroup();
            if (group.Count == 0)
                return;
            try
            {
                await ReadyAsync(CancellationToken.None);
                await CarryOutAsync(group);
            }
            catch (Exception error)
            {
                _isTreeStale = true;
                // The disk may have left a change half taken back.
                if (error is not BackendException)
                    RecoverAnew();
                foreach (GdnsdChange change in group)
                    change.Fail(error);
            }

            foreach (GdnsdChange change in group.Where(static change => change.Written is not null))
                AtomicFile.TryDelete(change.Written!);
        }
    }

    /// <summary>A second change of one zone, whose first nobody waits for any more, comes in the next group.</summary>
    private List<GdnsdChange> TakeGroup()
    {
        List<GdnsdChange> group = [];
        HashSet<DomainName> zones = [];
        lock (_gate)
        {
            while (group.Count < ChangesMax && _waiting.TryPeek(out GdnsdChange? next) && zones.Add(next.Zone))
                group.Add(_waiting.Dequeue());
            _isWorking = group.Count > 0;
        }

        return group;
    }

    private async Task CarryOutAsync(List<GdnsdChange> group)
    {
        // Before one is refused, the folder is looked at once more: somebody may have made room.
        if (_isTreeStale || group.Any(change => !change.IsRemoval && _tree.Objection(change.Zone, change.FileName) is not null))
            ScanFolder();
        List<GdnsdChange> fitting = Fitting(group);
        folder.Flush([.. fitting.Where(static change => change.NeedsDisk).Select(static change => change.Written!)]);
        if (fitting.Count == 0 || await TryAsync(fitting))
            return;
        _isTreeStale = true;
        if (!await control.ReloadAsync())
        {
            _blockage = StrangerText();
            throw BackendException.Away(_blockage);
        }

        _blockage = null;
        ScanFolder();
        await FindCulpritAsync(Fitting(fitting), isKnownToFail: true);
        _isTreeStale = true;
    }

    /// <summary>Removals first: they may make room for others. Those that find none are refused.</summary>
    private List<GdnsdChange> Fitting(List<GdnsdChange> group)
    {
        List<GdnsdChange> fitting = [];
        foreach (GdnsdChange change in group.Where(static change => change.IsOpen).OrderByDescending(static change => change.IsRemoval))
        {
            if (change.IsRemoval)
            {
                _tree.Remove(change.Zone);
            }
            else if (_tree.Objection(change.Zone, change.FileName) is { } objection)
            {
                change.Fail(BackendException.Refused(objection));
                continue;
            }
            else
            {
                _tree.Add(change.Zone, change.FileName);
            }

            fitting.Add(change);
        }

        return fitting;
    }

    /// <summary>True when gdnsd took them; else everything is as before.</summary>
    private async Task<bool> TryAsync(IReadOnlyList<GdnsdChange> changes)
    {
        // A gdnsd that comes up while files are put in place and taken back again may have seen one that is gone, and ends.
        await control.ReachAsync();
        bool isTaken = false;
        try
        {
            folder.MakeBeside();
            foreach (GdnsdChange change in changes)
                folder.Stage(change.FileName, change.Written);
            folder.FlushNames(changes.Count);
            DateTimeOffset began = time.GetUtcNow();
            isTaken = await control.ReloadAsync();
            if (isTaken)
                (_lastGoodReload, _blockage) = (began, null);
        }
        finally
        {
            foreach (GdnsdChange change in changes)
            {
                if (isTaken)
                    folder.Settle(change.FileName);
                else
                    folder.TakeBack(change.FileName, change.Written);
            }
        }

        foreach (GdnsdChange change in isTaken ? changes : [])
            change.Succeed();
        return isTaken;
    }

    private async Task FindCulpritAsync(IReadOnlyList<GdnsdChange> changes, bool isKnownToFail)
    {
        if (changes.Count == 0 || (!isKnownToFail && await TryAsync(changes)))
            return;
        if (changes.Count == 1)
        {
            changes[0].Fail(BackendException.Refused(
                $"gdnsd loads no zone at all with this content of {changes[0].Zone}, so it was put aside and what was there before is "
                + "served; why, only gdnsd's log says"));
            return;
        }

        int half = changes.Count / 2;
        await FindCulpritAsync([.. changes.Take(half)], isKnownToFail: false);
        await FindCulpritAsync([.. changes.Skip(half)], isKnownToFail: false);
    }

    private void ScanFolder()
    {
        _tree.Clear();
        foreach ((DomainName zone, string name) in folder.Zones())
            _tree.Add(zone, name);
        _isTreeStale = false;
    }

    private string StrangerText()
    {
        bool isKnown = folder.TryFindNewest(out string? name, out DateTime changed)
            && _lastGoodReload != DateTimeOffset.MinValue && changed > _lastGoodReload.UtcDateTime;
        string culprit = isKnown
            ? string.Create(CultureInfo.InvariantCulture, $"; the newest, {name}, was changed at {changed:O}, and not by the agent")
            : "";
        return $"gdnsd loads no zone at all, also without our changes: it does not take a file in {folder.FullPath}{culprit}; "
            + "its log says which and why";
    }
}
