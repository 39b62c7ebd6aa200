using System.Collections.Immutable;

namespace Agent.Actors.Cluster;

/// <summary>One change of who shall own a shard.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Node">Who shall.</param>
/// <param name="Instance">Its run.</param>
/// <param name="Why">For people.</param>
public sealed record ShardMove(int Shard, string Node, Guid Instance, string Why);

/// <summary>Bounds of one round of the plan.</summary>
/// <param name="MovesMax">Shards that may be moved only for balance.</param>
/// <param name="MovesShare">The same as a share of all shards; the smaller one counts, yet at least one shard.</param>
/// <param name="UnderWayPerNode">Moves that may be under way at once to or from one node.</param>
public sealed record RebalanceBounds(int MovesMax = 16, double MovesShare = 0.1, int UnderWayPerNode = 2);

/// <summary>
/// Decides which shards shall change hands, as a pure function of the view: shards without a living owner at once, pinned ones to
/// their node, those of leaving nodes away, and then a few for balance.
/// </summary>
/// <remarks>
/// Load is the number of shards: a zone's shard is a hash of its name, so shards weigh about the same. Moves for balance are made only
/// when nodes differ by more than two shards and more than a tenth, so that nothing goes to and fro.
/// </remarks>
public static class RebalancePlan
{
    private const int DifferenceMin = 2;
    private const double DifferenceShare = 0.1;

    /// <summary>The changes that are due.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="bounds">Bounds of the moves that are only for balance or for leaving.</param>
    /// <param name="mayBalance">False while nodes come and go: then only what must be done is done.</param>
    /// <param name="avoid">For a shard, a node that did not take it although it was told to.</param>
    /// <param name="doubtful">Nodes that lately did not take a shard: what they have stays theirs, and nothing is given to them while there
    /// are others.</param>
    public static ImmutableArray<ShardMove> Compute(
        ClusterView view,
        RebalanceBounds bounds,
        bool mayBalance,
        IReadOnlyDictionary<int, string> avoid,
        IReadOnlyCollection<string> doubtful)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(bounds);
        ArgumentNullException.ThrowIfNull(avoid);
        if (view.Config is not { } config) return [];
        ArgumentNullException.ThrowIfNull(doubtful);
        var plan = new Plan(view, config.Record.Shards, bounds, doubtful);
        if (!plan.HasTakers) return [];
        plan.PlaceOrphans(avoid);
        plan.FollowPins();
        plan.EmptyLeaving();
        if (mayBalance) plan.Balance();
        return [.. plan.Moves];
    }

    private sealed class Plan
    {
        private readonly ClusterView _view;
        private readonly RebalanceBounds _bounds;
        private readonly IReadOnlyCollection<string> _doubtful;
        private readonly string?[] _holder;
        private readonly SortedDictionary<string, int> _load = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int> _underWay = new(StringComparer.Ordinal);
        private int _balancing;

        public Plan(ClusterView view, int shards, RebalanceBounds bounds, IReadOnlyCollection<string> doubtful)
        {
            _view = view;
            _doubtful = doubtful;
            _bounds = bounds;
            _holder = new string?[shards];
            foreach (Held<MemberRecord> member in view.Members.Values.Where(m => m.Record.State == MemberState.Up))
                _load[member.Record.Node] = 0;
            for (int shard = 0; shard < shards; shard++)
            {
                if (!view.Assigned.TryGetValue(shard, out Held<AssignRecord>? assigned)) continue;
                if (!view.IsThere(assigned.Record.Node, assigned.Record.Instance)) continue;
                _holder[shard] = assigned.Record.Node;
                if (_load.TryGetValue(assigned.Record.Node, out int load)) _load[assigned.Record.Node] = load + 1;
                Held<OwnerRecord>? owner = view.Owners.GetValueOrDefault(shard);
                if (owner?.Record.Instance == assigned.Record.Instance) continue;
                CountUnderWay(assigned.Record.Node);
                if (owner is not null) CountUnderWay(owner.Record.Node);
            }
        }

        public List<ShardMove> Moves { get; } = [];

        /// <summary>Whether any node takes shards.</summary>
        public bool HasTakers => _load.Count > 0;

        private int MovesMax => Math.Max(1, Math.Min(_bounds.MovesMax, (int)(_holder.Length * _bounds.MovesShare)));

        /// <summary>Nobody serves them: they are placed at once and all together, on their last node when it is back.</summary>
        public void PlaceOrphans(IReadOnlyDictionary<int, string> avoid)
        {
            for (int shard = 0; shard < _holder.Length; shard++)
            {
                string? shunned = avoid.GetValueOrDefault(shard);
                if (_holder[shard] is { } holder && !(holder == shunned && _load.Count > 1)) continue;
                string? last = _view.Assigned.TryGetValue(shard, out Held<AssignRecord>? assigned) ? assigned.Record.Node : null;
                string node = Pinned(shard) is { } pin && pin != shunned ? pin
                    : last is not null && last != shunned && !_doubtful.Contains(last) && _load.TryGetValue(last, out int load)
                        && load < Fair() ? last
                    : Least(shunned);
                string why = _holder[shard] is not null ? $"{shunned} did not take it"
                    : last is null ? "it had no owner"
                    : node == last ? "its owner started anew"
                    : $"{last} is gone";
                Move(shard, node, why);
            }
        }

        public void FollowPins()
        {
            for (int shard = 0; shard < _holder.Length; shard++)
            {
                if (Pinned(shard) is { } node && _holder[shard] != node && MayMove(_holder[shard]!, node)) Move(shard, node, "pinned");
            }
        }

        /// <summary>A node that leaves is emptied first, whatever the balance; each of its shards goes to the least loaded.</summary>
        public void EmptyLeaving()
        {
            for (int shard = 0; shard < _holder.Length; shard++)
            {
                string holder = _holder[shard]!;
                if (_load.ContainsKey(holder)) continue;
                Move(shard, Pinned(shard) ?? Least(null), $"{holder} is leaving");
            }
        }

        public void Balance()
        {
            while (_balancing < MovesMax)
            {
                KeyValuePair<string, int>[] takers = [.. _load.Where(node => !_doubtful.Contains(node.Key))];
                if (takers.Length == 0) return;
                KeyValuePair<string, int> most = _load.MaxBy(node => node.Value);
                int least = takers.Min(node => node.Value);
                int difference = most.Value - least;
                if (difference <= DifferenceMin || difference <= DifferenceShare * most.Value) return;
                string to = takers.First(node => node.Value == least).Key;
                if (!MayMove(most.Key, to)) return;
                int shard = Array.FindIndex(_holder, h => h == most.Key);
                while (shard >= 0 && (IsUnderWay(shard) || Pinned(shard) is not null))
                    shard = Array.FindIndex(_holder, shard + 1, h => h == most.Key);
                if (shard < 0) return;
                Move(shard, to, "balance");
                _balancing++;
            }
        }

        private double Fair() => Math.Ceiling((double)_holder.Length / _load.Count);

        private string? Pinned(int shard) =>
            _view.Pins.TryGetValue(shard, out Held<PinRecord>? pin) && _load.ContainsKey(pin.Record.Node) ? pin.Record.Node : null;

        private string Least(string? shunned) => _load
            .OrderBy(node => node.Key == shunned).ThenBy(node => _doubtful.Contains(node.Key)).ThenBy(node => node.Value)
            .ThenBy(node => node.Key, StringComparer.Ordinal).First().Key;

        private bool IsUnderWay(int shard) =>
            Moves.Exists(move => move.Shard == shard)
            || !_view.Owners.TryGetValue(shard, out Held<OwnerRecord>? owner) || owner.Record.Node != _holder[shard];

        private bool MayMove(string from, string to) =>
            _underWay.GetValueOrDefault(from) < _bounds.UnderWayPerNode && _underWay.GetValueOrDefault(to) < _bounds.UnderWayPerNode;

        private void CountUnderWay(string node) => _underWay[node] = _underWay.GetValueOrDefault(node) + 1;

        private void Move(int shard, string node, string why)
        {
            Moves.RemoveAll(move => move.Shard == shard);
            Moves.Add(new ShardMove(shard, node, _view.Members[node].Record.Instance, why));
            if (_holder[shard] is { } holder)
            {
                if (_load.TryGetValue(holder, out int load)) _load[holder] = load - 1;
                CountUnderWay(holder);
            }

            _holder[shard] = node;
            _load[node]++;
            CountUnderWay(node);
        }
    }
}
