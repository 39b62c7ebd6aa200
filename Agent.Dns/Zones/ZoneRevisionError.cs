namespace Agent.Dns.Zones;

/// <summary>Why an image cannot be revised by differences, so that it has to be built whole.</summary>
public enum ZoneRevisionError : byte
{
    /// <summary>It can.</summary>
    None,

    /// <summary>The differences do not fit the image, or lead to what is no zone.</summary>
    Contradiction,

    /// <summary>So much of the zone is touched that building it whole is cheaper.</summary>
    TooMany,

    /// <summary>Too much of the image's memory belongs to versions that are gone.</summary>
    Worn,

    /// <summary>A set that is touched came with different TTLs, of which the image keeps the lowest only.</summary>
    MixedTtl,
}
