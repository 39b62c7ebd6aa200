using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Cluster;

/// <summary>What a shard machine wants done.</summary>
public abstract record ShardEffect(int Shard);

/// <summary>Claim the shard, if it has no owner, is still assigned as at <paramref name="AssignRevision"/>, and was given up in good order
/// at <paramref name="GivenUpRevision"/> (0: it was not).</summary>
public sealed record ClaimShard(int Shard, long Request, long AssignRevision, long GivenUpRevision) : ShardEffect(Shard);

/// <summary>Read the owner's key: whether the claim happened is open.</summary>
public sealed record ReadOwner(int Shard, long Request) : ShardEffect(Shard);

/// <summary>Give the shard free, if the owner's key is still of that revision.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Request">Number of the request.</param>
/// <param name="OwnerRevision">Create revision of the owner's key.</param>
/// <param name="InGoodOrder">Its host came to an end with nothing under way, which the next owner is told.</param>
public sealed record ReleaseShard(int Shard, long Request, long OwnerRevision, bool InGoodOrder) : ShardEffect(Shard);

/// <summary>The shard is this node's: its host starts.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="OwnerRevision">Create revision of the owner's key.</param>
/// <param name="AfterCrash">The owner before did not give it up in good order: a late command of it may still arrive at a server.</param>
public sealed record HostShard(int Shard, long OwnerRevision, bool AfterCrash) : ShardEffect(Shard);

/// <summary>End the host in good order.</summary>
public sealed record EndHost(int Shard, long OwnerRevision) : ShardEffect(Shard);

/// <summary>Stop the host at once; nothing may follow.</summary>
public sealed record DropHost(int Shard) : ShardEffect(Shard);

/// <summary>
/// The life of one shard on one node, as a pure machine. Views, the store's answers and the region's words go in; every input is taken in
/// every state.
/// </summary>
/// <remarks>
/// <code>
///             assigned to us, no owner         claim done
///   Foreign -------------------------> Claiming ----------> Owned --assigned elsewhere--> Ending
///     ^  ^                                | open              |                             | host ended, or too long
///     |  +--------- lost, refused --------+--> Asking         |                             v
///     |                                        (read it back) |                         Releasing
///     +------- owner's key gone or not ours, expelled, fenced +-----------------------------+
/// </code>
/// Owned is entered from the answer to the claim itself, or from a read that finds this run's name in the owner's key: only a claim
/// of ours writes it there. A view older than this machine's last own write says nothing.
/// </remarks>
public sealed class ShardMachine
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    private readonly int _shard;
    private readonly string _node;
    private readonly TimeSpan _drainMax;
    private readonly Func<long> _nextRequest;
    private State _state;
    private long _request;
    private long _ownerRevision;
    private long _ownWrites;
    private long _givenUpRevision;
    private bool _inGoodOrder;
    private TimeSpan _since;
    private TimeSpan _askAt;
    private Guid _instance;
    private ClusterView _view = ClusterView.Empty;

    /// <summary>A machine that owns nothing.</summary>
    /// <param name="shard">Number of the shard.</param>
    /// <param name="node">Name of this node.</param>
    /// <param name="drainMax">How long a host may take to end in good order.</param>
    /// <param name="nextRequest">Numbers for requests, each once.</param>
    public ShardMachine(int shard, string node, TimeSpan drainMax, Func<long> nextRequest)
    {
        _shard = shard;
        _node = node;
        _drainMax = drainMax;
        _nextRequest = nextRequest;
    }

    private enum State
    {
        Foreign = 0,
        Claiming = 1,
        Asking = 2,
        Owned = 3,
        Ending = 4,
        Releasing = 5,
    }

    /// <summary>Whether a host of this node runs.</summary>
    public bool IsHosted => _state is State.Owned or State.Ending;

    /// <summary>Whether the shard, or what is left of it here, still has to be given up.</summary>
    public bool IsIdle => _state == State.Foreign;

    /// <summary>This node has joined under a new name of its run.</summary>
    public void Join(Guid instance) => _instance = instance;

    /// <summary>The membership is over, or the journal knows a larger epoch.</summary>
    public void Expel(List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        _instance = Guid.Empty;
        Lose(effects);
    }

    /// <summary>The journal refuses this ownership: somebody has taken the shard under a larger epoch.</summary>
    public void Fenced(long ownerRevision, TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (!IsHosted || ownerRevision != _ownerRevision) return;
        CodeProbe.Reached("owner.fenced");
        effects.Add(new DropHost(_shard));
        Release(now, effects);
    }

    /// <summary>The cluster changed.</summary>
    public void See(ClusterView view, TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(effects);
        if (view.Revision < _ownWrites) return;
        _view = view;
        Advance(now, effects);
    }

    /// <summary>Time has passed.</summary>
    public void Tick(TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (_state == State.Ending && now - _since >= _drainMax) Release(now, effects, drop: true);
        else if (_request == 0 && now >= _askAt) Ask(now, effects);
        Advance(now, effects);
    }

    /// <summary>A transaction of this shard was decided.</summary>
    public void Committed(StoreCommitted answer, TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Request != _request || _request == 0) return;
        _request = 0;
        _ownWrites = Math.Max(_ownWrites, answer.Revision);
        if (_state == State.Claiming && answer.Succeeded)
        {
            Own(answer.Revision, effects, afterCrash: _givenUpRevision == 0);
        }
        else if (_state is State.Claiming or State.Releasing)
        {
            // Released, or not ours to begin with: either way nothing of it is left here.
            _state = State.Foreign;
            _ownerRevision = 0;
        }

        Advance(now, effects);
    }

    /// <summary>A request of this shard failed.</summary>
    public void Failed(StoreFailed answer, TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Request != _request || _request == 0) return;
        _request = 0;
        _askAt = now + AskAgain;
        if (_state == State.Claiming) _state = answer.IsUnknown ? State.Asking : State.Foreign;
    }

    /// <summary>The owner's key was read back.</summary>
    public void Read(StoreRead answer, TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Request != _request || _request == 0) return;
        _request = 0;
        _ownWrites = Math.Max(_ownWrites, answer.Revision);
        if (_state != State.Asking) return;
        StoreEntry? entry = answer.Entries.FirstOrDefault();
        OwnerRecord? owner = entry is null ? null : ClusterRecords.Read<OwnerRecord>(entry.Value);
        if (owner is not null && owner.Instance == _instance)
        {
            CodeProbe.Reached("owner.claim-read-back");
            Own(entry!.CreateRevision, effects);
        }
        else
        {
            _state = State.Foreign;
        }

        Advance(now, effects);
    }

    /// <summary>The region says that nothing of the shard runs any more.</summary>
    public void HostEnded(long ownerRevision, TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (_state != State.Ending || ownerRevision != _ownerRevision) return;
        Release(now, effects, inGoodOrder: true);
    }

    /// <summary>The region broke, and the host of the shard is gone with it: another is started, or the shard is given up as it
    /// is.</summary>
    public void HostGone(TimeSpan now, List<ShardEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (_state == State.Owned) effects.Add(new HostShard(_shard, _ownerRevision, AfterCrash: true));
        else if (_state == State.Ending) Release(now, effects);
    }

    private void Advance(TimeSpan now, List<ShardEffect> effects)
    {
        if (_view.Revision < _ownWrites) return;
        Held<OwnerRecord>? owner = _view.Owners.GetValueOrDefault(_shard);
        bool isOurs = owner is not null && owner.Record.Instance == _instance && _instance != Guid.Empty;
        switch (_state)
        {
            case State.Foreign when _instance != Guid.Empty && isOurs:
                // A claim that was given up as unanswered has taken effect late.
                CodeProbe.Reached("owner.claim-came-late");
                if (IsAssigned) Own(owner!.CreateRevision, effects);
                else Release(now, effects, owner!.CreateRevision);
                break;
            case State.Foreign when owner is null && IsAssigned && _view.IsThere(_node, _instance) && now >= _askAt:
                _state = State.Claiming;
                _request = _nextRequest();
                _askAt = now + AskAgain;
                _givenUpRevision = _view.GivenUp.GetValueOrDefault(_shard)?.ModRevision ?? 0;
                effects.Add(new ClaimShard(_shard, _request, _view.Assigned[_shard].ModRevision, _givenUpRevision));
                break;
            case State.Owned or State.Ending when !isOurs || owner!.CreateRevision != _ownerRevision:
                Lose(effects);
                break;
            case State.Owned when !IsAssigned:
                _state = State.Ending;
                _since = now;
                effects.Add(new EndHost(_shard, _ownerRevision));
                break;
            case State.Releasing when !isOurs || owner!.CreateRevision != _ownerRevision:
                _state = State.Foreign;
                _request = 0;
                break;
        }
    }

    private bool IsAssigned => _view.Assigned.TryGetValue(_shard, out Held<AssignRecord>? assigned)
        && assigned.Record.Node == _node && assigned.Record.Instance == _instance;

    /// <summary>Where the claim's own answer is missing, the worse is assumed of whoever had the shard before.</summary>
    private void Own(long ownerRevision, List<ShardEffect> effects, bool afterCrash = true)
    {
        _state = State.Owned;
        _ownerRevision = ownerRevision;
        effects.Add(new HostShard(_shard, ownerRevision, afterCrash));
    }

    private void Release(
        TimeSpan now, List<ShardEffect> effects, long? ownerRevision = null, bool drop = false, bool inGoodOrder = false)
    {
        if (drop)
        {
            CodeProbe.Reached("owner.drain-too-long");
            effects.Add(new DropHost(_shard));
        }

        _state = State.Releasing;
        _inGoodOrder = inGoodOrder;
        _ownerRevision = ownerRevision ?? _ownerRevision;
        Ask(now, effects);
    }

    private void Ask(TimeSpan now, List<ShardEffect> effects)
    {
        if (_state is not (State.Asking or State.Releasing)) return;
        _request = _nextRequest();
        _askAt = now + AskAgain;
        effects.Add(_state == State.Asking
            ? new ReadOwner(_shard, _request)
            : new ReleaseShard(_shard, _request, _ownerRevision, _inGoodOrder));
    }

    private void Lose(List<ShardEffect> effects)
    {
        if (IsHosted) effects.Add(new DropHost(_shard));
        _state = State.Foreign;
        _request = 0;
        _ownerRevision = 0;
    }
}
