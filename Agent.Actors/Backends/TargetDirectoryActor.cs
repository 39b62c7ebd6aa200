using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <summary>
/// Knows every target of the cluster and who takes the wishes for it on this node: the target's own actor where this node reaches it, else
/// one that stands for it. The set is published when it changes. It is also the door for what other nodes say about targets.
/// </summary>
/// <remarks>
/// <code>
///                        this node holds it             another node does, or nobody
///   T of one node, T@N   BackendActor, always           RemoteTargetActor, always
///   T of the farm, T     BackendActor, made anew        RemoteTargetActor for that holder
/// </code>
/// A target of the farm that changes its holder gets a new actor on every node, so its owners tell it everything anew, and once more after
/// the quiet period: what the former holder had ordered at the last moment is found then. An actor that is not the holder's any more is
/// stopped, and with it the orders that it would still give.
/// <para>Without a cluster the names are plain, all targets are here, and the set never changes.</para>
/// </remarks>
public sealed partial class TargetDirectoryActor : UntypedActor
{
    private static readonly object HealthTimer = new();

    private readonly TargetDirectorySettings _settings;
    private readonly Growing _numbers;
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Entry> _places = [];
    private readonly List<IActorRef> _askers = [];
    private ClusterTargets? _cluster;
    private TargetSet? _set;
    private int _place;

    private TargetDirectoryActor(TargetDirectorySettings settings, Growing numbers)
    {
        _settings = settings;
        _numbers = numbers;
        _place = (int)(numbers.Next() % WishNumbers.PlacesMax);
    }

    /// <summary>The recipe.</summary>
    public static Props Props(TargetDirectorySettings settings) =>
        Kernel.Props.Create(static a => new TargetDirectoryActor(a.settings, a.Numbers), (settings, Numbers: new Growing()));

    /// <inheritdoc/>
    protected internal override void PreStart()
    {
        if (_settings.Link is null)
        {
            Update();
            return;
        }

        Context.System.EventStream.Subscribe(Self, typeof(TargetHealthChanged));
        Timers.StartPeriodicTimer(HealthTimer, HealthTimer, _settings.HealthInterval);
        Context.System.EventStream.Publish(new ClusterTargetsWanted(Self));
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case FromNode from: Hear(from); break;
            case TargetHealthChanged change: HealthChanged(change); break;
            case ClusterTargets cluster:
                _cluster = cluster;
                Update();
                break;
            case LinkChanged link: Link(link); break;
            case GetTargetSet: Answer(Sender); break;
            case RemoteTargetStarted: Started(Sender); break;
            case LookAgain look: Look(look); break;
            case TargetStatus status: Take(status); break;
            case object timer when timer == HealthTimer: TellHealth(); break;
            default: Unhandled(message); break;
        }
    }

    private void Answer(IActorRef asker)
    {
        if (_set is { } set) asker.Tell(new TargetSetChanged(set), Self);
        else _askers.Add(asker);
    }

    /// <summary>Brings the actors in line with what is known of the cluster, and publishes the set when it has changed.</summary>
    private void Update()
    {
        SortedDictionary<string, Place> wanted = Wanted();
        bool isChanged = _set is null;
        foreach ((string name, Entry entry) in _entries.ToArray())
        {
            if (wanted.TryGetValue(name, out Place? place) && place == entry.Place) continue;
            Context.Stop(entry.Actor);
            _entries.Remove(name);
            _places.Remove(entry.Number);
            isChanged = true;
        }

        foreach ((string name, Place place) in wanted)
        {
            if (_entries.ContainsKey(name)) continue;
            _entries.Add(name, place.Local is { } local ? StartLocal(name, place, local) : StartRemote(name, place));
            isChanged = true;
        }

        foreach (Entry remote in _entries.Values.Where(e => e.Place.Local is null)) TellInstance(remote);

        // Before anybody can tell a new actor a wish: its node knows every owner from before it became the holder.
        if (_cluster is { } cluster)
        {
            var owners = new OwnersAre(cluster.Owners);
            foreach (Entry local in Local()) local.Actor.Tell(owners, Self);
        }

        if (isChanged) Publish();
    }

    private SortedDictionary<string, Place> Wanted()
    {
        var wanted = new SortedDictionary<string, Place>(StringComparer.Ordinal);
        if (_settings.Link is not { } link)
        {
            foreach (LocalTarget alone in _settings.Local) wanted.Add(alone.Backend.Name, new Place(alone.Backend.Name, alone, null, null));
            return wanted;
        }

        foreach (LocalTarget local in _settings.Local)
        {
            string target = local.Backend.Name;
            if (local.IsFarmScoped) wanted[target] = new Place(target, null, null, null);
            else wanted[$"{target}@{link.Node}"] = new Place(target, local, link.Node, null);
        }

        if (_cluster is not { } cluster) return wanted;
        foreach (NodeTargets node in cluster.Nodes.Where(n => n.Node != link.Node))
        {
            foreach (string target in node.Targets) wanted[$"{target}@{node.Node}"] = new Place(target, null, node.Node, null);
        }

        foreach (FarmTarget farm in cluster.Farm)
        {
            LocalTarget? local = farm.Holder == link.Node
                ? _settings.Local.FirstOrDefault(l => l.IsFarmScoped && l.Backend.Name == farm.Target)
                : null;
            string? holder = farm.Holder == link.Node && local is null ? null : farm.Holder;
            wanted[farm.Target] = new Place(farm.Target, local, holder, farm.Hold);
        }

        return wanted;
    }

    private Entry StartLocal(string name, Place place, LocalTarget local)
    {
        // What a node's own server has heard counts also when this directory breaks; by then the server's former actor is gone. Of the
        // farm's it may still be at its last message.
        WishFence fence = local.IsFarmScoped ? new WishFence() : local.Backend.Fence;
        IActorRef actor = Context.ActorOf(BackendActor.Props(local.Backend with { Name = name, Holder = place.Hold, Fence = fence }));
        if (local.IsFarmScoped && place.Hold is not null)
        {
            var again = new LookAgain(name, actor);
            Timers.StartSingleTimer(name, again, _settings.QuietPeriod);
        }

        return new Entry(place, actor, Number: -1, new Health { Returns = _numbers.Next() });
    }

    private Entry StartRemote(string name, Place place)
    {
        if (_places.Count == WishNumbers.PlacesMax) throw new InvalidOperationException("more remote targets than there are places");
        do _place = (_place + 1) % WishNumbers.PlacesMax;
        while (_places.ContainsKey(_place));
        IActorRef actor = Context.ActorOf(RemoteTargetActor.Props(
            new RemoteTargetSettings(name, place.Node, place.Target, new WishNumbers(_place), _settings.Link!)));
        var entry = new Entry(place, actor, _place, new Health());
        _places.Add(_place, entry);
        return entry;
    }

    private void Publish()
    {
        _set = new TargetSet(
            _numbers.Next(), _entries.ToImmutableSortedDictionary(e => e.Key, e => e.Value.Actor, StringComparer.Ordinal))
        {
            BeganEmpty = [.. _entries.Where(e => e.Value.Place.Local is { Backend.Backend.Traits.BeginsEmpty: true }).Select(e => e.Key)],
        };
        foreach (IActorRef asker in _askers) asker.Tell(new TargetSetChanged(_set), Self);
        _askers.Clear();
        Context.System.EventStream.Publish(new TargetSetChanged(_set));
    }

    private void Started(IActorRef remote)
    {
        foreach (Entry entry in _entries.Values.Where(e => e.Actor == remote)) TellInstance(entry);
    }

    private void TellInstance(Entry remote) => remote.Actor.Tell(
        new NodeSeen(_cluster?.Nodes.FirstOrDefault(n => n.Node == remote.Place.Node)?.Instance), Self);

    /// <summary>What is at a name: which target, and where. Another holder, or the same by another ownership, is another place.</summary>
    /// <param name="Target">Its name as configured on its node.</param>
    /// <param name="Local">How this node reaches it; null when another holds it.</param>
    /// <param name="Node">The node that holds it.</param>
    /// <param name="Hold">By which ownership, of a target of the farm.</param>
    private sealed record Place(string Target, LocalTarget? Local, string? Node, TargetHold? Hold);

    /// <summary>Numbers that only grow, also when the actor breaks and begins anew: what it tells then must not look older than what it
    /// told before.</summary>
    private sealed class Growing
    {
        private long _last;

        public long Next() => ++_last;
    }

    private sealed record Entry(Place Place, IActorRef Actor, int Number, Health Health);

    /// <summary>The target's holder may have been changed behind its back by what its former one had ordered.</summary>
    private sealed record LookAgain(string Name, IActorRef Actor);
}
