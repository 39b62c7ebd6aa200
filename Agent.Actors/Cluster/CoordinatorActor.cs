using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Cluster;

/// <summary>
/// Stands for election on every node, and on the one that leads decides who shall own which shard. It keeps nothing that would be missed:
/// each decision follows from the view, and each write compares that this node still leads.
/// </summary>
/// <remarks>
/// <code>
///             member            candidate key written, and it is the oldest
///   Outside ---------> Standing -------------------------------------------> Leading
///      ^                  |                                                     |
///      +------------------+---------- expelled ---------------------------------+
/// </code>
/// Two that believe to lead at the same moment are harmless: the store refuses the one whose key is gone.
/// </remarks>
public sealed partial class CoordinatorActor : UntypedActor
{
    private static readonly object TickTimer = new();

    /// <summary>A compare and a write for each shard, and the one that says who leads: within what the store takes at once.</summary>
    private const int ShardsPerTransaction = 40;

    /// <summary>How often it is said that the store does not take a decision.</summary>
    private static readonly TimeSpan WordEvery = TimeSpan.FromMinutes(1);

    private readonly CoordinatorSettings _settings;
    private readonly ILogger _logger;
    private readonly Dictionary<int, (long Revision, TimeSpan At)> _unclaimed = [];
    private readonly Dictionary<int, (long Revision, TimeSpan At)> _notGivenUp = [];
    private readonly SortedDictionary<string, (TimeSpan Until, int Times)> _doubtful = new(StringComparer.Ordinal);
    private readonly List<ShardMove> _assigning = [];
    private readonly List<(int Shard, string Node)> _takingAway = [];
    private ClusterView _view = ClusterView.Empty;
    private NodeJoined? _self;
    private long _requests;
    private long _standing;
    private long _writing;
    private long _writtenAt;
    private TimeSpan _quietSince;
    private TimeSpan _wordDue;
    private ImmutableArray<Guid> _members = [];

    private CoordinatorActor(CoordinatorSettings settings)
    {
        _settings = settings;
        _logger = Context.System.LoggerFactory.CreateLogger<CoordinatorActor>();
    }

    /// <summary>The recipe.</summary>
    public static Props Props(CoordinatorSettings settings) => Kernel.Props.Create(static s => new CoordinatorActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(NodeJoined));
        Context.System.EventStream.Subscribe(Self, typeof(NodeExpelled));
        Context.System.EventStream.Publish(new MembershipWanted(Self));
        _settings.View.Tell(new SubscribeView(Self), Self);
        Timers.StartPeriodicTimer(TickTimer, TickTimer, _settings.Tick);
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case ViewChanged x: See(x.View); break;
            case NodeJoined x: _self = x; break;
            case NodeExpelled: (_self, _standing, _writing) = (null, 0, 0); break;
            case StoreCommitted x when x.Request == _standing: _standing = 0; break;
            case StoreFailed x when x.Request == _standing: _standing = 0; return;
            case StoreCommitted x when x.Request == _writing: Written(x); break;
            case StoreFailed x when x.Request == _writing: NotWritten(x); return;
            case StoreCommitted or StoreFailed: return;
            case object timer when timer == TickTimer: break;
            default: Unhandled(message); return;
        }

        if (_self is null) return;
        if (Leads() is { } key) Reconcile(key);
        else Stand();
    }

    private void See(ClusterView view)
    {
        _view = view;
        ImmutableArray<Guid> members = [.. view.Members.Values.Select(member => member.Record.Instance)];
        // A node that comes is followed by others, when all start; one that goes is a matter for now.
        if (members.Any(member => !_members.Contains(member))) _quietSince = Clock.Monotonic;
        _members = members;
    }

    /// <summary>This node's key when it is the oldest of all.</summary>
    private Held<CandidateRecord>? Leads() =>
        _view.Coordinator is { } leader && leader.Record.Instance == _self!.Instance && leader.Lease == _self.Lease ? leader : null;

    private void Stand()
    {
        if (_standing != 0 || _view.Revision < _self!.Revision) return;
        if (_view.Candidates.Values.Any(candidate => candidate.Record.Instance == _self.Instance)) return;
        string key = _settings.Keys.Candidate(_self.Lease);
        string member = _settings.Keys.Member(_settings.Node);
        _standing = ++_requests;
        _settings.Store.Commit(
            _standing,
            new StoreTransaction(
                [
                    new StoreCompare(key, StoreField.CreateRevision, 0),
                    new StoreCompare(member, StoreField.CreateRevision, _self.Revision),
                ],
                [new StoreWrite(key, ClusterRecords.Write(new CandidateRecord(_settings.Node, _self.Instance)), _self.Lease)]),
            Context.ReplyTo());
    }

    private void Reconcile(Held<CandidateRecord> leader)
    {
        // What was written is not seen yet: a decision now would only repeat it.
        if (_writing != 0 || _view.Revision < _writtenAt) return;
        TimeSpan now = Clock.Monotonic;
        Dictionary<int, string> avoid = WhoDidNotClaim(now);
        bool settled = now - _quietSince >= _settings.Stabilize;
        // A cluster that has never assigned anything waits for the nodes that start together.
        if (!settled && _view.Assigned.IsEmpty) return;
        foreach (string node in avoid.Values.Distinct(StringComparer.Ordinal)) Doubt(node, now);
        string[] doubtful = [.. _doubtful.Where(doubt => doubt.Value.Until > now).Select(doubt => doubt.Key)];
        ImmutableArray<ShardMove> moves = RebalancePlan.Compute(_view, _settings.Bounds, settled, avoid, doubtful);
        ImmutableArray<int> stuck = moves.IsEmpty ? StuckOwners(now) : [];
        if (moves.IsEmpty && stuck.IsEmpty) return;
        var compares = ImmutableArray.CreateBuilder<StoreCompare>();
        var writes = ImmutableArray.CreateBuilder<StoreWrite>();
        compares.Add(new StoreCompare(_settings.Keys.Candidate(leader.Lease), StoreField.CreateRevision, leader.CreateRevision));
        _assigning.Clear();
        _takingAway.Clear();
        foreach (ShardMove move in moves.Take(ShardsPerTransaction))
        {
            string key = _settings.Keys.Assign(move.Shard);
            compares.Add(new StoreCompare(key, StoreField.ModRevision, _view.Assigned.GetValueOrDefault(move.Shard)?.ModRevision ?? 0));
            writes.Add(new StoreWrite(key, ClusterRecords.Write(new AssignRecord(move.Node, move.Instance, move.Why))));
            _assigning.Add(move);
        }

        foreach (int shard in stuck.Take(ShardsPerTransaction))
        {
            CodeProbe.Reached("coordinator.took-away");
            string key = _settings.Keys.Owner(shard);
            compares.Add(new StoreCompare(key, StoreField.CreateRevision, _view.Owners[shard].CreateRevision));
            writes.Add(new StoreWrite(key, null));
            _takingAway.Add((shard, _view.Owners[shard].Record.Node));
        }

        _writing = ++_requests;
        _settings.Store.Commit(
            _writing, new StoreTransaction(compares.ToImmutable(), writes.ToImmutable()), Context.ReplyTo());
    }

    /// <summary>What was refused was decided on an old view; the next one leads to a new decision.</summary>
    private void Written(StoreCommitted answer)
    {
        _writing = 0;
        if (!answer.Succeeded)
        {
            CodeProbe.Reached("coordinator.refused");
            return;
        }

        _writtenAt = answer.Revision;
        foreach (ShardMove move in _assigning) LogAssigned(_logger, move.Shard, move.Node, move.Why);
        foreach ((int shard, string node) in _takingAway) LogTakenAway(_logger, shard, node);
    }

    /// <summary>It is decided anew at the next tick, several times a second perhaps; whether it happened all the same is seen in the
    /// view.</summary>
    private void NotWritten(StoreFailed answer)
    {
        _writing = 0;
        TimeSpan now = Clock.Monotonic;
        if (now < _wordDue) return;
        _wordDue = now + WordEvery;
        LogNotAssigned(_logger, answer.Reason.Text);
    }

    private Dictionary<int, string> WhoDidNotClaim(TimeSpan now)
    {
        var avoid = new Dictionary<int, string>();
        foreach ((int shard, Held<AssignRecord> assigned) in _view.Assigned)
        {
            if (_view.Owners.ContainsKey(shard) || !_view.IsThere(assigned.Record.Node, assigned.Record.Instance))
            {
                _unclaimed.Remove(shard);
                continue;
            }

            if (!_unclaimed.TryGetValue(shard, out (long Revision, TimeSpan At) since) || since.Revision != assigned.ModRevision)
                _unclaimed[shard] = since = (assigned.ModRevision, now);
            if (now - since.At >= _settings.ClaimMax) avoid[shard] = assigned.Record.Node;
        }

        return avoid;
    }

    /// <summary>A node that is there and takes nothing, because nobody reaches it perhaps: it is left in peace, longer each time.</summary>
    private void Doubt(string node, TimeSpan now)
    {
        (TimeSpan until, int times) = _doubtful.GetValueOrDefault(node);
        if (until > now) return;
        CodeProbe.Reached("coordinator.doubted");
        LogDoubted(_logger, node);
        _doubtful[node] = (now + (_settings.ClaimMax * Math.Pow(2, Math.Min(times, 6))), times + 1);
    }

    private ImmutableArray<int> StuckOwners(TimeSpan now)
    {
        var stuck = ImmutableArray.CreateBuilder<int>();
        foreach ((int shard, Held<OwnerRecord> owner) in _view.Owners)
        {
            bool isWanted = _view.Assigned.TryGetValue(shard, out Held<AssignRecord>? assigned)
                && assigned.Record.Instance == owner.Record.Instance;
            if (isWanted || assigned is null)
            {
                _notGivenUp.Remove(shard);
                continue;
            }

            if (!_notGivenUp.TryGetValue(shard, out (long Revision, TimeSpan At) since) || since.Revision != assigned.ModRevision)
                _notGivenUp[shard] = since = (assigned.ModRevision, now);
            if (now - since.At >= _settings.HandoffMax) stuck.Add(shard);
        }

        return stuck.ToImmutable();
    }

    [LoggerMessage(EventId = 520, EventName = "shard-assigned", Level = LogLevel.Information, Message = "shard {Shard} to {Node}: {Why}")]
    private static partial void LogAssigned(ILogger logger, int shard, string node, string why);

    [LoggerMessage(EventId = 523, EventName = "shards-not-assigned", Level = LogLevel.Warning,
        Message = "shards that ought to move stay where they are: {Why}")]
    private static partial void LogNotAssigned(ILogger logger, string why);

    [LoggerMessage(EventId = 522, EventName = "node-doubted", Level = LogLevel.Warning,
        Message = "{Node} is a member and does not take the shards that it is told to; for a while it is given none")]
    private static partial void LogDoubted(ILogger logger, string node);

    [LoggerMessage(EventId = 521, EventName = "shard-taken-away", Level = LogLevel.Warning,
        Message = "shard {Shard} is taken from {Node}, which did not give it up in time")]
    private static partial void LogTakenAway(ILogger logger, int shard, string node);
}

/// <summary>Settings of the coordinator on a node.</summary>
/// <param name="Node">Name of this node.</param>
/// <param name="Keys">The cluster's keys.</param>
/// <param name="Store">What all nodes agree through.</param>
/// <param name="View">The actor that knows the view.</param>
/// <param name="Bounds">Bounds of moves.</param>
/// <param name="Stabilize">How long nothing is moved for balance after a node came.</param>
/// <param name="Tick">How often it looks without a reason.</param>
/// <param name="ClaimMax">After that long another node is told to take a shard.</param>
/// <param name="HandoffMax">After that long a shard is taken from a node that was told to give it up.</param>
public sealed record CoordinatorSettings(
    string Node,
    ClusterKeys Keys,
    IClusterStore Store,
    IActorRef View,
    RebalanceBounds Bounds,
    TimeSpan Stabilize,
    TimeSpan Tick,
    TimeSpan ClaimMax,
    TimeSpan HandoffMax);
