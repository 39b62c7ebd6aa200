using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <content>
/// What the shard tells the targets: everything at the start, to one that returns, and to one that is new. A zone that is awake is told
/// to do so itself; for the others it is done from their rows. The target takes what it is told at its own pace.
/// </content>
public sealed partial class ZoneShardActor
{
    /// <summary>Nobody needs them before the shard has begun to load.</summary>
    private ZoneTargets Targets => _targets!;

    private ZoneTargets TargetsOf(DomainName name, ZoneRow? row) =>
        IsCatalog(name, row) ? new ZoneTargets(NoTargets, Targets.Shard, Targets.Epoch) : PlacedBy(_placement, name);

    /// <summary>The targets that a zone belongs to; one object for all zones of the same targets.</summary>
    private ZoneTargets PlacedBy(ZonePatternMap<TargetSelection> placement, DomainName name)
    {
        if (!placement.TryFind(name, out TargetSelection? selection)) return Targets;
        if (!_placed.TryGetValue(selection, out ZoneTargets? targets)) _placed.Add(selection, targets = Targets.Only(selection));
        return targets;
    }

    /// <summary>Nothing is loaded before the targets are known: of a deleted zone nothing else would be left to wait for.</summary>
    private void AskForTargets()
    {
        if (_settings.Zones.TargetDirectory is { } directory)
        {
            Context.System.EventStream.Subscribe(Self, typeof(TargetSetChanged));
            directory.Tell(new GetTargetSet(), Self);
        }
        else
        {
            foreach (IActorRef target in _set!.Targets.Values) target.Tell(new GetTargetStatus(), Self);
        }
    }

    private void TargetsChange(TargetSet set)
    {
        TargetSet? before = _set;
        if (before is not null && set.Version <= before.Version) return;
        _set = set;
        _healthy = before is null ? set.Names : [.. set.Names.Where(_healthy.Contains)];
        string[] fresh = [.. set.Targets.Where(t => before?.Targets.GetValueOrDefault(t.Key) != t.Value).Select(t => t.Key)];
        foreach (string target in fresh) set.Targets[target].Tell(new GetTargetStatus(), Self);
        if (_start is null) return;
        if (before is null)
        {
            Start(_start);
            return;
        }

        TakeTargets(set, _start);
        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            if (!slot.IsCatalog) Place(name, slot, fresh);
        }

        TellHealthy();
    }

    private void TakeTargets(TargetSet set, ShardStart start)
    {
        _targets = new ZoneTargets(set, start.Shard, start.Epoch);
        _placed.Clear();
    }

    /// <summary>Other settings hold: zones that belong to other targets by them come and leave.</summary>
    private void PolicyChanged()
    {
        ZonePatternMap<TargetSelection> before = _placement;
        _placement = _settings.Zones.Policy.Current.Placement;
        if (_loaded) JudgeTrialsAnew();
        if (!_loaded || ReferenceEquals(before, _placement) || (before.IsEmpty && _placement.IsEmpty)) return;
        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            if (slot.IsCatalog || ReferenceEquals(PlacedBy(_placement, name), PlacedBy(before, name))) continue;
            CodeProbe.Reached("shard.zone-placed-anew");
            if (slot.Actor is not null) Tell(slot, PlacedBy(_placement, name));
            else _toPlace.Enqueue(name);
        }

        PlaceSome();
    }

    /// <summary>Perhaps other targets are canaries now, or none: what is on trial is told anew.</summary>
    private void JudgeTrialsAnew()
    {
        foreach ((DomainName name, ZoneSlot slot) in _slots.Where(s => RolloutPolicy.IsOnTrial(s.Value.Kept as ZoneRow)).ToArray())
        {
            if (!slot.IsUnread) Tell(name, new Loaded(CheckMasters: false));
        }
    }

    /// <summary>Those at rest are woken, and not all at once.</summary>
    private void PlaceSome()
    {
        for (int left = PlacedAtOnce; left > 0 && _toPlace.TryDequeue(out DomainName? name); left--)
        {
            if (_slots.TryGetValue(name, out ZoneSlot? slot)) Place(name, slot, []);
        }

        if (_toPlace.Count > 0) Timers.StartSingleTimer(PlaceTimer, PlaceTimer, CheckInterval);
    }

    /// <summary>A zone at rest has its row fitted to new targets, and tells them; when it belongs to others than before, it is woken and
    /// has that written first.</summary>
    /// <param name="name">The zone.</param>
    /// <param name="slot">Its slot.</param>
    /// <param name="fresh">Targets that have not heard of any zone yet.</param>
    private void Place(DomainName name, ZoneSlot slot, string[] fresh)
    {
        ZoneTargets targets = PlacedBy(_placement, name);
        if (slot.Actor is not null)
        {
            Tell(slot, targets);
            return;
        }

        if (slot.IsUnread || RowOf(name, slot) is not { } row) return;
        ImmutableArray<TargetProgress> before = row.Targets;
        ImmutableArray<TargetProgress> fitting = ZoneWishes.Fit(before, targets.Set.Names, targets.Others);
        ImmutableArray<TargetProgress> mayBeMoved = _placement.IsEmpty ? fitting.RemoveAll(t => fresh.Contains(t.Target)) : fitting;
        if (ZoneWishes.IsMoved(row with { Targets = mayBeMoved }, before))
        {
            Tell(name, targets);
            return;
        }

        if (fitting != before) Rest(slot, row = row with { Targets = fitting });
        foreach (string target in fresh) TellWish(target, row);
    }

    private void HealthChanged(TargetHealthChanged change)
    {
        if (_set is not { } set) return;
        if (change.Source is { } source && set.Targets.GetValueOrDefault(change.Target) != source) return;
        _healthy = change.Healthy
            ? [.. set.Names.Where(t => t == change.Target || _healthy.Contains(t))]
            : _healthy.Remove(change.Target);
        TellHealthy();
        if (change.Returned && _loaded && set.Targets.ContainsKey(change.Target)) TellEverything(change.Target);
    }

    private void TellHealthy()
    {
        foreach (IActorRef actor in _actors.Keys) actor.Tell(new HealthyTargets(_healthy), Self);
    }

    /// <summary>What the former owner had ordered before it crashed has taken effect by now, perhaps over what was told since.</summary>
    private void LookOnceMore()
    {
        CodeProbe.Reached("shard.looked-once-more");
        foreach (string target in Targets.Set.Names) TellEverything(target);
    }

    private void TellEverything(string target)
    {
        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            if (slot.IsCatalog) continue;
            if (slot.Actor is not null) Tell(slot, new TellTargetAgain(target));
            else if (!slot.IsUnread && RowOf(name, slot) is { } row) TellWish(target, row);
        }
    }

    /// <summary>False when nothing of the zone is wanted there.</summary>
    private bool Look(ZoneSlot? slot, LookAtTarget look)
    {
        if (slot is null && look.MayBeLeftover && Targets.Set.Targets.TryGetValue(look.Target, out IActorRef? leftAt))
        {
            TakeAway(look.Zone, generation: 0, leftAt);
            return true;
        }

        if (slot is null or { IsCatalog: true } || !Targets.Set.Targets.TryGetValue(look.Target, out IActorRef? target)) return false;
        if (RowOf(look.Zone, slot) is { Wish: ZoneWish.Present } left
            && !PlacedBy(_placement, left.Name).Set.Targets.ContainsKey(look.Target)
            && !left.Targets.Any(t => t.Target == look.Target && ZoneWishes.IsKept(t)))
        {
            // It is not of the zone, and yet has it: no row says so, so nobody waits for what it answers.
            TakeAway(left.Name, left.Generation, target);
            return true;
        }

        if (slot.Actor is not null) Tell(slot, new TellTargetAgain(look.Target, look.Depth));
        else if (RowOf(look.Zone, slot) is { } row) TellWish(look.Target, row, look.Depth);
        return true;
    }

    private void TakeAway(DomainName zone, long generation, IActorRef target) => target.Tell(
        new WantZone(zone, generation, null, ObserveFirst: true) { Shard = Targets.Shard, Epoch = Targets.Epoch }, Self);

    /// <summary>Every target that there is had the zone as it is wanted when the row was written: looking again makes sure of it.</summary>
    private bool WasInOrder(ZoneRow row, ZoneRow fitted)
    {
        if (row is not { IsExpired: false, Content: { } content } || row.Targets.Length != fitted.Targets.Length) return false;
        foreach (TargetProgress target in row.Targets)
        {
            if (target is not { State: TargetZoneState.Verified, IsLeaving: false, Reason: null }) return false;
            if (target.Serial != content.Serial || Targets.Set.BeganEmpty.Contains(target.Target)) return false;
        }

        return true;
    }

    private void PutOff(DomainName name, ZoneSlot slot)
    {
        slot.IsPutOff = true;
        _putOff.Enqueue(name);
    }

    private void TellPutOff()
    {
        double quota = Math.Max(1, LooksPerSecond * CheckInterval.TotalSeconds / _settings.ShardCount);
        while (quota >= 1 && _putOff.TryDequeue(out DomainName? name))
        {
            if (!_slots.TryGetValue(name, out ZoneSlot? slot) || !slot.IsPutOff) continue;
            slot.IsPutOff = false;
            if (RowOf(name, slot) is { } row) WantEverywhere(row);
            quota--;
        }

        if (_putOff.Count > 0)
        {
            Timers.StartSingleTimer(PutOffTimer, PutOffTimer, CheckInterval);
            return;
        }

        Timers.Cancel(PutOffTimer);
        _putOff.TrimExcess();
    }

    private void WantEverywhere(ZoneRow row)
    {
        foreach (TargetProgress entry in row.Targets) TellWish(entry.Target, row);
    }

    private void TellLeaving(ZoneRow row)
    {
        foreach (TargetProgress entry in row.Targets)
        {
            if (entry.IsLeaving) TellWish(entry.Target, row);
        }
    }

    private void TellWish(string target, ZoneRow row, LookDepth depth = LookDepth.Serial)
    {
        if (IsCatalog(row.Name, row) || Wish(target, row) is not { } wish) return;
        if (depth != LookDepth.Serial) wish = wish with { Depth = depth };
        Targets.Set.Targets[target].Tell(PlantedBug.Is(PlantedBug.ReplayAfterTakeover) ? wish with { ObserveFirst = false } : wish, Self);
    }

    private WantZone? Wish(string target, ZoneRow row) =>
        ZoneWishes.For(target, row, PlacedBy(_placement, row.Name), _settings.Zones.Policy.Current);

    private ProvenZones CountProven(CountProven question)
    {
        int zones = 0, proven = 0;
        foreach ((DomainName name, ZoneSlot slot) in _slots)
        {
            if (slot.IsCatalog || RowOf(name, slot) is not { Wish: ZoneWish.Present, Content: not null } row) continue;
            zones++;
            TargetSet set = PlacedBy(_placement, row.Name).Set;
            bool isProven = question.Targets.All(target => !set.Targets.ContainsKey(target)
                || row.Targets.Any(t => t.Target == target && t.State == TargetZoneState.Verified));
            if (isProven) proven++;
        }

        return new ProvenZones(_start!.Shard, question.Round, zones, proven);
    }
}
