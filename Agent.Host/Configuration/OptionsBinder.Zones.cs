using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Guards;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>Zones with masters or guards of their own.</summary>
internal sealed partial class OptionsBinder
{
    private ZoneSections ReadZones(
        IReadOnlyDictionary<string, KeyOptions> keys, IReadOnlyDictionary<string, TlsProfile> tls, IReadOnlyList<TargetOptions> targets)
    {
        var seen = new HashSet<ZonePattern>();
        var own = ImmutableArray.CreateBuilder<ZoneMasters>();
        var guards = new List<(ZonePattern, ZoneGuards)>();
        var placement = new List<(ZonePattern, TargetSelection)>();
        HoconObject fallback = ZoneFallback();
        foreach ((string name, HoconObject value, HoconOrigin origin) in _agent.Named("zones"))
        {
            SectionReader section = _agent.Inner("zones", name, value, fallback);
            List<Master> masters = ReadMasters(section, keys, tls);
            ZoneGuards? guard = value.Find("guard") is null ? null : ReadOwnGuard(section);
            TargetSelection? selection = value.Find("targets") is null ? null : ReadSelection(section, "targets", targets);
            section.Expect("guard", "targets");
            section.Done(SectionReader.DotsNeedQuotes);
            if (!ZonePattern.TryParse(name, out ZonePattern? pattern))
            {
                _agent.ProblemAt(
                    origin, "zones", $"a zone (\"example.org\") or all zones below a name (\"*.example.org\") is needed, not '{name}'");
            }
            else if (!seen.Add(pattern))
            {
                _agent.ProblemAt(origin, "zones", $"'{name}' is given twice");
            }
            else
            {
                // Who says only how content is judged, or where it goes, says nothing of where it comes from.
                bool saysMasters = value.Find("masters") is not null || (guard is null && selection is null);
                if (saysMasters) own.Add(new ZoneMasters(pattern, [.. masters]));
                if (guard is not null) guards.Add((pattern, guard));
                if (selection is not null) placement.Add((pattern, selection));
            }
        }

        return new ZoneSections(
            new MasterRoster([.. ReadMasters(_agent, keys, tls)], own.ToImmutable()),
            new ZonePatternMap<ZoneGuards>(guards),
            new ZonePatternMap<TargetSelection>(placement));
    }

    private static RolloutPolicy ReadRollout(SectionReader section, IReadOnlyList<TargetOptions> targets)
    {
        var policy = new RolloutPolicy
        {
            Canaries = ReadSelection(section, "canaries", targets, mayBeEmpty: true),
            Observe = section.Duration("observe", TimeSpan.Zero, TimeSpan.FromHours(1)),
            Patience = section.Duration("patience", Second, Day),
            Away = section.Choice("canary-away", ("wait", CanaryAway.Wait), ("skip", CanaryAway.Skip)),
        };
        section.Done();
        if (policy.Canaries.Names.Length > 0 && targets.All(t => policy.Canaries.Contains(t.Name)))
            section.Problem("canaries", "when every target is a canary, nobody is left to protect: leave one out, or leave this empty");
        return policy;
    }

    /// <summary>Names of targets. One that another node has for itself is known there only: it is written with the node's name.</summary>
    private static TargetSelection ReadSelection(
        SectionReader section, string key, IReadOnlyList<TargetOptions> targets, bool mayBeEmpty = false)
    {
        string[] known = [.. targets.Select(t => t.Name)];
        IReadOnlyList<(string Text, HoconOrigin Origin)> names = section.Words(key);
        if (names.Count == 0 && !mayBeEmpty) section.Problem(key, "at least one target must be named");
        foreach ((string name, HoconOrigin origin) in names)
        {
            int at = name.LastIndexOf('@');
            bool isKnown = at > 0 ? at < name.Length - 1 : known.Contains(name);
            if (isKnown) continue;
            string meant = NearestName.Find(name, known) is { } nearest ? $"; did you mean {nearest}?" : "";
            section.ProblemAt(origin, key, $"there is no target named {name}{meant}");
        }

        return new TargetSelection(names.Select(n => n.Text));
    }

    /// <summary>What the section <c>zones</c> says.</summary>
    private sealed record ZoneSections(
        MasterRoster Masters, ZonePatternMap<ZoneGuards> Guards, ZonePatternMap<TargetSelection> Placement);

    private static ZoneGuards ReadOwnGuard(SectionReader zone)
    {
        (GuardPolicy guard, OlderSerial older) = ReadGuard(zone.Section("guard"));
        return new ZoneGuards(guard, older);
    }
}
