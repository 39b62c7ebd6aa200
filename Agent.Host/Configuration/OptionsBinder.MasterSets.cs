using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Transfers;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>Master sets: who shares the zones that they create, and where these come from.</summary>
internal sealed partial class OptionsBinder
{
    private static readonly HoconObject MasterSetDefaults = Defaults("senders = [], masters = []");

    private ImmutableArray<MasterSetOptions> ReadMasterSets(
        IReadOnlyDictionary<string, KeyOptions> keys, IReadOnlyDictionary<string, TlsProfile> tls, TlsListenOptions? tlsListen)
    {
        var sets = new List<MasterSetOptions>();
        foreach ((string name, HoconObject value, HoconOrigin origin) in _agent.Named("master-sets"))
        {
            SectionReader section = _agent.Inner("master-sets", name, value, MasterSetDefaults);
            List<AccessEntry> senders = ReadAccessList("senders", keys, tlsListen, section);
            ImmutableArray<Master> masters = [.. ReadMasters(section, keys, tls)];
            section.Done();
            if (name.Length is 0 or > 255) _agent.ProblemAt(origin, "master-sets", "the name of a set has 1 to 255 characters");
            if (senders.Count == 0 && masters.IsEmpty)
                _agent.ProblemAt(origin, "master-sets", $"'{name}' needs senders, or masters whose addresses are the senders");
            if (senders.Exists(s => s.Kind == AccessEntryKind.Any))
                _agent.ProblemAt(origin, "master-sets", $"'{name}' cannot have any as sender: nobody would be left for another set");
            foreach (MasterSetOptions other in sets)
            {
                if (senders.Find(other.Senders.Contains) is { } both)
                    _agent.ProblemAt(origin, "master-sets", $"'{both}' is a sender of both '{other.Name}' and '{name}'");
            }

            sets.Add(new MasterSetOptions(name, senders, masters));
        }

        // The same order at every node, whatever the order of their files.
        return [.. sets.OrderBy(s => s.Name, StringComparer.Ordinal)];
    }

    private static MasterRoster WithMasterSets(MasterRoster roster, ImmutableArray<MasterSetOptions> sets) => roster.With(
    [
        .. roster.Members,
        .. sets.Where(s => !s.Masters.IsEmpty).Select(s => new MemberMasters(ZoneOwner.MasterSets, s.Name, s.Masters)),
    ]);
}
