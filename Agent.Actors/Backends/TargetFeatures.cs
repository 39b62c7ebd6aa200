using System.Collections.Immutable;

namespace Agent.Actors.Backends;

/// <summary>The words for what can be done with a target.</summary>
public static class TargetFeatures
{
    /// <summary>A change goes to the server as a difference where that is less.</summary>
    public const string Differences = "differences";

    /// <summary>A zone that stays behind is taken away and added anew.</summary>
    public const string ReAdd = "re-add";

    /// <summary>The server names all zones that could have been created from outside.</summary>
    public const string Listing = "listing";

    /// <summary>Zones that the driver has brought there are named.</summary>
    public const string ListingOfOwn = "listing-own";

    /// <summary>What is served can be compared record by record.</summary>
    public const string Comparing = "comparing";

    /// <summary>The server is asked who it is.</summary>
    public const string Naming = "naming";

    /// <summary>What a target has of them, in this order.</summary>
    public static ImmutableArray<string> Of(BackendActorSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        BackendTraits traits = settings.Backend.Traits;
        var features = ImmutableArray.CreateBuilder<string>();
        if (traits.TakesDifferences) features.Add(Differences);
        if (traits.CanReAdd) features.Add(ReAdd);
        if (traits.Listing == ZoneListing.Whole) features.Add(Listing);
        if (traits.Listing == ZoneListing.Own) features.Add(ListingOfOwn);
        if (settings.Check is not null) features.Add(Comparing);
        if (settings.Naming is not null) features.Add(Naming);
        return features.ToImmutable();
    }
}
