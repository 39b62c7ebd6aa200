using Agent.Dns.Catalogs;
using Agent.Dns.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace Agent.Tests.Dns.Catalogs;

/// <summary>For any two states, what is said to lead from one to the other does, and no more.</summary>
public class CatalogDifferenceTests
{
    private static readonly Arbitrary<CatalogEntry[]> States = Gen.Zip(Gen.Choose(0, 12), Gen.Choose(0, 2))
        .Select(pair => new CatalogEntry(
            DomainName.Parse($"z{pair.Item1}.example."),
            $"l{pair.Item2}",
            pair.Item2 == 1 ? "g" : "",
            pair.Item2 == 2 ? DomainName.Parse("next.example.") : null))
        .ListOf()
        .Select(entries => entries.DistinctBy(e => e.Zone).ToArray())
        .ToArbitrary();

    [Fact]
    public void Applied_to_the_first_state_it_gives_the_second() => Prop.ForAll(States, States, (held, wanted) =>
    {
        CatalogDifference difference = CatalogDifference.Between(held, wanted);
        Dictionary<DomainName, CatalogEntry> state = held.ToDictionary(e => e.Zone);
        foreach (CatalogEntry entry in difference.Removed) Assert.True(state.Remove(entry.Zone));
        foreach (CatalogEntry entry in difference.Changed)
        {
            Assert.NotEqual(state[entry.Zone], entry);
            state[entry.Zone] = entry;
        }

        foreach (CatalogEntry entry in difference.Added) Assert.True(state.TryAdd(entry.Zone, entry));
        Assert.Equal(wanted.OrderBy(e => e.Zone), state.Values.OrderBy(e => e.Zone));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Equal_states_differ_in_nothing() => Prop.ForAll(States, state =>
        Assert.True(CatalogDifference.Between(state, state.Reverse()).IsEmpty)).QuickCheckThrowOnFailure();
}
