using System.Collections.Immutable;
using Agent.Actors.Catalogs;
using Agent.Actors.Journal;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>The catalogs: how each is consumed, and where it and its members come from.</summary>
internal sealed partial class OptionsBinder
{
    private static readonly HoconObject CatalogDefaults = Defaults(
        """
        masters = [], member-masters = [], groups { }, adopt = false, removal-percent = 20, removal-minimum = 10, removal-maximum = 1000
        members-maximum = 1000000, concurrent = 64, retry-minimum = 5s, retry-maximum = 5m
        """);

    private static readonly HoconObject GroupDefaults = Defaults("masters = []");

    private (ImmutableDictionary<DomainName, CatalogPolicy> Policies, MasterRoster Roster) ReadCatalogs(
        MasterRoster roster, IReadOnlyDictionary<string, KeyOptions> keys, IReadOnlyDictionary<string, TlsProfile> tls)
    {
        var policies = ImmutableDictionary.CreateBuilder<DomainName, CatalogPolicy>();
        var own = roster.Own.ToBuilder();
        var members = ImmutableArray.CreateBuilder<MemberMasters>();
        foreach ((string name, HoconObject value, HoconOrigin origin) in _agent.Named("catalogs"))
        {
            SectionReader section = _agent.Inner("catalogs", name, value, CatalogDefaults);
            ImmutableArray<Master> masters = [.. ReadMasters(section, keys, tls)];
            ImmutableArray<Master> ofMembers = [.. ReadMasters(section, keys, tls, "member-masters")];
            Dictionary<string, ImmutableArray<Master>> groups = ReadGroups(section, keys, tls);
            bool isName = DomainName.TryParse(name, out DomainName? catalog) && !catalog.IsRoot;
            CatalogPolicy policy = ReadCatalog(section, catalog ?? DomainName.Root) with { Groups = [.. groups.Keys] };
            section.Done(SectionReader.DotsNeedQuotes);
            if (!isName)
            {
                _agent.ProblemAt(origin, "catalogs", $"the name of a catalog zone is needed, not '{name}'");
            }
            else if (catalog!.Equals(ZoneOwner.MasterSets))
            {
                _agent.ProblemAt(origin, "catalogs", $"'{name}' stands for master sets and cannot be a catalog");
            }
            else if (!policies.TryAdd(catalog.Fold(), policy))
            {
                _agent.ProblemAt(origin, "catalogs", $"'{name}' is given twice");
            }
            else
            {
                if (!masters.IsEmpty && own.All(o => o.Pattern.IsBelow || o.Pattern.Name != catalog))
                    own.Add(new ZoneMasters(new ZonePattern(catalog, IsBelow: false), masters));
                if (ofMembers.IsEmpty) ofMembers = masters;
                if (!ofMembers.IsEmpty) members.Add(new MemberMasters(catalog, "", ofMembers));
                foreach ((string group, ImmutableArray<Master> ofGroup) in groups)
                {
                    if (!ofGroup.IsEmpty) members.Add(new MemberMasters(catalog, group, ofGroup));
                }
            }
        }

        return (policies.ToImmutable(), new MasterRoster(roster.Common, own.ToImmutable()).With(members.ToImmutable()));
    }

    private Dictionary<string, ImmutableArray<Master>> ReadGroups(
        SectionReader section, IReadOnlyDictionary<string, KeyOptions> keys, IReadOnlyDictionary<string, TlsProfile> tls)
    {
        var groups = new Dictionary<string, ImmutableArray<Master>>(StringComparer.Ordinal);
        foreach ((string name, HoconObject value, HoconOrigin origin) in section.Named("groups"))
        {
            SectionReader inner = section.Inner("groups", name, value, GroupDefaults);
            groups[name] = [.. ReadMasters(inner, keys, tls)];
            inner.Done();
            if (name.Length is 0 or > 255) _agent.ProblemAt(origin, "catalogs", "a group is a word of 1 to 255 octets");
        }

        return groups;
    }

    private static CatalogPolicy ReadCatalog(SectionReader section, DomainName name)
    {
        var policy = new CatalogPolicy(name)
        {
            Adopts = section.Flag("adopt"),
            RemovalPercent = section.Integer("removal-percent", 0, 100),
            RemovalMinimum = section.Integer("removal-minimum", 1, int.MaxValue),
            RemovalMaximum = section.Integer("removal-maximum", 0, int.MaxValue),
            MembersMaximum = section.Integer("members-maximum", 1, 10_000_000),
            Concurrent = section.Integer("concurrent", 1, 10_000),
            RetryMinimum = section.Duration("retry-minimum", Shortest, Day),
            RetryMaximum = section.Duration("retry-maximum", Shortest, Day),
        };
        if (policy.RetryMaximum < policy.RetryMinimum) section.Problem("retry-maximum", "this must not be less than retry-minimum");
        return policy;
    }
}
