using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>Zones with masters or guards of their own.</summary>
internal sealed partial class OptionsBinder
{
    private (MasterRoster Masters, ZonePatternMap<ZoneGuards> Guards) ReadZones(
        IReadOnlyDictionary<string, KeyOptions> keys, IReadOnlyDictionary<string, TlsProfile> tls)
    {
        var seen = new HashSet<ZonePattern>();
        var own = ImmutableArray.CreateBuilder<ZoneMasters>();
        var guards = new List<(ZonePattern, ZoneGuards)>();
        HoconObject fallback = ZoneFallback();
        foreach ((string name, HoconObject value, HoconOrigin origin) in _agent.Named("zones"))
        {
            SectionReader section = _agent.Inner("zones", name, value, fallback);
            List<Master> masters = ReadMasters(section, keys, tls);
            ZoneGuards? guard = value.Find("guard") is null ? null : ReadOwnGuard(section);
            section.Done();
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
                // Who says only how content is judged says nothing of where it comes from.
                if (value.Find("masters") is not null || guard is null) own.Add(new ZoneMasters(pattern, [.. masters]));
                if (guard is not null) guards.Add((pattern, guard));
            }
        }

        return (new MasterRoster([.. ReadMasters(_agent, keys, tls)], own.ToImmutable()), new ZonePatternMap<ZoneGuards>(guards));
    }

    private static ZoneGuards ReadOwnGuard(SectionReader zone)
    {
        (GuardPolicy guard, OlderSerial older) = ReadGuard(zone.Section("guard"));
        return new ZoneGuards(guard, older);
    }
}
