using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Zones;

namespace Agent.Actors.Anycast;

/// <content>What the node's targets, the zones' owners and the cluster say.</content>
public sealed partial class AnycastActor
{
    /// <summary>The owners go over all their zones for an answer, so once the first pass is over they are asked only now and
    /// then.</summary>
    private const int LooksBetweenRounds = 10;

    /// <summary>A shard that was just on its way to another node does not answer: the next round may be complete.</summary>
    private static readonly TimeSpan RoundMin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RoundMax = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, TargetStatus> _statuses = [];
    private readonly Dictionary<int, ProvenZones> _answers = [];
    private TargetSet? _set;
    private ImmutableArray<string> _servers = [];
    private ClusterState? _cluster;
    private ProvenShare? _proven;
    private long _round;
    private TimeSpan _roundBegan;
    private TimeSpan _roundPatience = RoundMin;
    private bool _isRoundOpen;
    private int _looksToRound;

    private void Ask()
    {
        // Asked at every look: whoever was asked before may have broken over it.
        if (_set is null) _settings.Targets.Tell(new GetTargetSet(), Self);
        if (_membership is null && _settings.Cluster is not null) Context.System.EventStream.Publish(new MembershipWanted(Self));
        foreach (string server in _servers) _set!.Targets[server].Tell(new GetTargetStatus(_settings.Policy.LateAfter), Self);
        _settings.Cluster?.View.Tell(new GetClusterState(), Self);
        if (_servers.IsEmpty) return;
        if (_isRoundOpen)
        {
            if (Clock.Monotonic - _roundBegan < _roundPatience) return;
            _roundPatience = _roundPatience * 2 < RoundMax ? _roundPatience * 2 : RoundMax;
        }
        else if (_looksToRound-- > 0)
        {
            return;
        }

        _looksToRound = _machine.HasPassed ? LooksBetweenRounds : 0;
        _isRoundOpen = true;
        _roundBegan = Clock.Monotonic;
        _answers.Clear();
        _settings.Region.Tell(new ToAllShards(new CountProven(++_round, _servers)), Self);
    }

    /// <summary>
    /// The servers of this node alone. Where there are only servers of the whole farm every node passes queries on to the same ones, and
    /// all of them are as good as these are.
    /// </summary>
    private void TakeTargets(TargetSet set)
    {
        _set = set;
        string own = $"@{_settings.Cluster?.Node}";
        ImmutableArray<string> ours = _settings.Cluster is null
            ? set.Names
            : [.. set.Names.Where(name => name.EndsWith(own, StringComparison.Ordinal))];
        _servers = ours.IsEmpty ? [.. set.Names.Where(name => !name.Contains('@', StringComparison.Ordinal))] : ours;
        foreach (string gone in _statuses.Keys.Except(_servers).ToArray()) _statuses.Remove(gone);
    }

    private void TakeStatus(TargetStatus status)
    {
        if (_servers.Contains(status.Name)) _statuses[status.Name] = status;
    }

    private void TakeProven(ProvenZones answer)
    {
        if (answer.Round != _round || !_isRoundOpen) return;
        _answers[answer.Shard] = answer;
        if (_answers.Count < _settings.Shards) return;
        _isRoundOpen = false;
        _roundPatience = RoundMin;
        _proven = new ProvenShare(_answers.Values.Sum(a => a.Zones), _answers.Values.Sum(a => a.Proven));
    }

    /// <summary>What was counted before says nothing any more, nor does what is still on its way.</summary>
    private void ForgetProven()
    {
        _proven = null;
        _isRoundOpen = false;
        _looksToRound = 0;
    }

    private AnycastFacts Facts() => new()
    {
        IsStuck = _settings.IsStuck(),
        IsStopping = _memory.IsStopping,
        IsDraining = _settings.Cluster is { } cluster
            && _cluster?.View.Members.GetValueOrDefault(cluster.Node)?.Record.State == MemberState.Leaving,
        Servers = _servers.Length,
        ServersUp = _statuses.Values.Count(status => status.Healthy),
        Owed = _statuses.Values.Select(status => status.Owed).DefaultIfEmpty().Max(),
        OwedFor = _statuses.Values.Max(status => status.OwedFor),
        Proven = _proven,
        IsAlone = _settings.Cluster is null,
        Others = Others(),
    };

    private OtherAnnouncers? Others()
    {
        if (_settings.Cluster is not { } own || _cluster is not { IsCurrent: true } state) return null;
        AnnouncerRecord[] others = [.. OtherRecords(own, state.View).Select(held => held.Record)];
        return new OtherAnnouncers(
            state.View.Members.Keys.Count(node => node != own.Node), others.Length, others.Count(record => record.IsFit));
    }

    private static IEnumerable<Held<AnnouncerRecord>> OtherRecords(AnycastCluster own, ClusterView view) =>
        view.Announcers.Where(entry => entry.Key != own.Node && entry.Value.Record.IsAnnounced).Select(entry => entry.Value);

    private ImmutableArray<string> Announcers() => _cluster is null
        ? []
        : [.. _cluster.View.Announcers.Values.Where(held => held.Record.IsAnnounced).Select(held => held.Record.Node)];
}
