using System.Collections.Immutable;
using Agent.Actors.Catalogs;
using Agent.Actors.Journal;
using Agent.Dns.Catalogs;
using Agent.Dns.Wire;

namespace Agent.Tests.Catalogs;

public class CatalogPlanTests
{
    private static readonly DomainName Name = DomainName.Parse("catalog.example.");

    private readonly CatalogPolicy _policy = new(Name) { Groups = ["fast", "slow"] };

    [Fact]
    public void What_is_missing_is_claimed_and_what_is_dropped_is_removed()
    {
        CatalogPlan plan = Plan(["a", "b"], ["b", "c"]);

        Assert.Equal(Zone("a"), Assert.Single(plan.Claims).Zone);
        Assert.Equal(Zone("a"), Assert.Single(plan.Added));
        Assert.Equal(Zone("c"), Assert.Single(plan.Removals));
        Assert.False(plan.IsStopped);
    }

    [Fact]
    public void Of_the_groups_of_a_member_the_first_that_means_something_counts()
    {
        var catalog = new Catalog(Name, 2, [new CatalogMember(Zone("a"), "l", ["other", "slow"], null)]);
        CatalogPlan plan = CatalogPlan.Make(_policy, catalog, [Owned("a")], [Name], false);

        Assert.Equal("slow", Assert.Single(plan.Claims).Group);
        Assert.Empty(plan.Added);
    }

    [Fact]
    public void A_catalog_is_not_a_member_of_one()
    {
        var catalog = new Catalog(Name, 2, [new CatalogMember(Name, "l", [], null)]);
        CatalogPlan plan = CatalogPlan.Make(_policy, catalog, [], [Name], false);

        Assert.Empty(plan.Claims);
        Assert.Equal(Name, Assert.Single(plan.Conflicts).Zone);
    }

    [Fact]
    public void A_member_that_was_given_away_and_has_arrived_is_not_claimed_back()
    {
        DomainName heir = DomainName.Parse("heir.example."), third = DomainName.Parse("third.example.");
        ImmutableHashSet<DomainName> all = [Name, heir];
        var catalog = new Catalog(
            Name, 2, [.. new[] { "a", "b", "c", "d" }.Select(n => new CatalogMember(Zone(n), "l", [], n == "d" ? third : heir))]);
        ImmutableArray<OwnedZone> owned = [new OwnedZone(Zone("a"), new ZoneOwner(Name, "l", "", heir))];
        Assert.Equal(heir, Assert.Single(CatalogPlan.Heirs(catalog, owned, all)));
        Assert.Empty(CatalogPlan.Heirs(catalog, [Owned("a"), Owned("b"), Owned("c")], all));

        var heirs = new Dictionary<DomainName, DomainName> { [Zone("b")] = heir, [Zone("d")] = heir };
        CatalogPlan plan = CatalogPlan.Make(_policy, catalog, owned, all, isApproved: false, heirs);

        // What has not arrived, and what is with another than the heir, is wanted as ever.
        Assert.Equal<DomainName>([Zone("c"), Zone("d")], plan.Added);
        Assert.Equal((2, 0, 0), (plan.Claims.Length, plan.Removals.Length, plan.Conflicts.Length));
    }

    [Theory]
    [InlineData(100, 9, 20, 10, 1000, false)]
    [InlineData(40, 9, 20, 10, 1000, false)] // Fewer than the minimum.
    [InlineData(10, 10, 20, 10, 1000, true)] // All of them.
    [InlineData(50, 10, 20, 10, 1000, false)] // Exactly the share.
    [InlineData(49, 10, 20, 10, 1000, true)]
    [InlineData(10, 10, 100, 1, 1000, false)] // No share is too large.
    [InlineData(10_000, 1001, 20, 10, 1000, true)] // A small share, and many.
    [InlineData(10_000, 1001, 20, 10, 0, false)]
    [InlineData(1, 1, 0, 1, 0, true)] // Every removal waits.
    [InlineData(2, 2, 20, 10, 1000, true)] // A small catalog that is empty all at once.
    [InlineData(1, 1, 20, 10, 1000, false)]
    [InlineData(2, 2, 100, 10, 1000, false)]
    public void Many_removals_at_once_wait(int held, int removed, int percent, int minimum, int maximum, bool waits)
    {
        CatalogPolicy policy = _policy with { RemovalPercent = percent, RemovalMinimum = minimum, RemovalMaximum = maximum };
        string[] names = [.. Enumerable.Range(0, held).Select(i => $"z{i}")];

        CatalogPlan plan = Plan(names[removed..], names, policy);
        Assert.Equal((removed, waits), (plan.Removals.Length, plan.IsStopped));
        Assert.False(Plan(names[removed..], names, policy, isApproved: true).IsStopped);
    }

    private CatalogPlan Plan(string[] wanted, string[] owned, CatalogPolicy? policy = null, bool isApproved = false) => CatalogPlan.Make(
        policy ?? _policy,
        new Catalog(Name, 2, [.. wanted.Select(w => new CatalogMember(Zone(w), "l", [], null))]),
        [.. owned.Select(Owned)],
        ImmutableHashSet.Create(Name),
        isApproved);

    private static OwnedZone Owned(string name) => new(Zone(name), new ZoneOwner(Name, "l"));

    private static DomainName Zone(string name) => DomainName.Parse($"{name}.example.");
}
