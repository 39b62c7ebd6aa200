using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agent.Actors.Cluster;

/// <summary>What never changes while the cluster lives; written once, by whoever comes first.</summary>
/// <param name="Shards">Number of shards.</param>
/// <param name="Hash">Which hash gives a zone its shard.</param>
/// <param name="Format">Version of the keys and their values.</param>
/// <param name="Incarnation">
/// Raised by an operator when the store was restored from a copy, which may hand out old revisions again.
/// </param>
public sealed record ConfigRecord(int Shards, string Hash, int Format, int Incarnation)
{
    /// <summary>The hash of this program.</summary>
    public const string OurHash = "fnv1a64";

    /// <summary>The version of this program.</summary>
    public const int OurFormat = 1;

    /// <summary>Most restores that an epoch can tell apart.</summary>
    public const int IncarnationMax = (1 << 11) - 1;

    /// <summary>The epoch of an ownership whose key came to be at <paramref name="createRevision"/>: larger for each next owner, also
    /// when the store was restored and the incarnation raised.</summary>
    public long EpochOf(long createRevision) => ((long)Incarnation << 52) | createRevision;
}

/// <summary>Where a node is in its life, as the others see it.</summary>
public enum MemberState
{
    /// <summary>Takes shards.</summary>
    Up = 0,

    /// <summary>Gives its shards away and takes none.</summary>
    Leaving = 1,
}

/// <summary>A node that is there.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Instance">This membership of it; another one after each expulsion.</param>
/// <param name="Process">This run of its program, which may outlive several memberships; the link knows it by that.</param>
/// <param name="Address">Where its link listens.</param>
/// <param name="State">Whether it takes shards.</param>
/// <param name="Version">Its program, for people.</param>
/// <param name="Protocol">The newest version of the link that it speaks.</param>
public sealed record MemberRecord(
    string Node, Guid Instance, Guid Process, string Address, MemberState State, string Version, int Protocol)
{
    /// <summary>Stands for what its configuration says of where things belong: it is the same on nodes that agree. Null of a release that
    /// does not tell it.</summary>
    public string? Placement { get; init; }
}

/// <summary>A node that has ever been there. Its servers are owed every change until an operator says that it will not return.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Targets">Names of its targets of scope node.</param>
/// <param name="Farm">Names of the targets of scope farm in its configuration.</param>
public sealed record NodeRecord(string Node, ImmutableArray<string> Targets, ImmutableArray<string> Farm);

/// <summary>A candidate for coordinator.</summary>
public sealed record CandidateRecord(string Node, Guid Instance);

/// <summary>Who shall own a shard.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Instance">Run of the node; another run has to be assigned anew.</param>
/// <param name="Why">For people.</param>
public sealed record AssignRecord(string Node, Guid Instance, string Why);

/// <summary>Who owns a shard.</summary>
public sealed record OwnerRecord(string Node, Guid Instance);

/// <summary>Where an operator wants a shard.</summary>
public sealed record PinRecord(string Node);

/// <summary>
/// A node that has attracted traffic for the anycast addresses. The others count on it when they withdraw theirs. It stays when the node
/// has withdrawn: each write compares with the one before, so that none that arrives late can undo a later one.
/// </summary>
/// <param name="Node">Its name.</param>
/// <param name="Instance">Its membership.</param>
/// <param name="IsAnnounced">Whether it does now.</param>
/// <param name="IsFit">Whether it serves what it should; one that only stays because nobody else would is not counted on.</param>
public sealed record AnnouncerRecord(string Node, Guid Instance, bool IsAnnounced, bool IsFit);

/// <summary>The values of the keys as octets: JSON, whose unknown members are ignored so that newer programs may add some.</summary>
public static class ClusterRecords
{
    /// <summary>What another release would write beside what this one knows; only the tests' program sets it, before anything
    /// starts.</summary>
    internal static Func<byte[], byte[]>? MoreMembers { get; set; }

    /// <summary>The octets of a record.</summary>
    public static ImmutableArray<byte> Write<T>(T record)
        where T : class
    {
        byte[] octets = JsonSerializer.SerializeToUtf8Bytes(record, typeof(T), RecordsContext.Default);
        return [.. MoreMembers?.Invoke(octets) ?? octets];
    }

    /// <summary>The record in a value; null when there is none to be read: nothing a store says may stop a node.</summary>
    public static T? Read<T>(ImmutableArray<byte> value)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(value.AsSpan(), typeof(T), RecordsContext.Default) as T;
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}

/// <summary>How the records are written; generated while building.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ConfigRecord))]
[JsonSerializable(typeof(MemberRecord))]
[JsonSerializable(typeof(NodeRecord))]
[JsonSerializable(typeof(CandidateRecord))]
[JsonSerializable(typeof(AssignRecord))]
[JsonSerializable(typeof(OwnerRecord))]
[JsonSerializable(typeof(PinRecord))]
[JsonSerializable(typeof(AnnouncerRecord))]
[JsonSerializable(typeof(CookieSecrets))]
internal sealed partial class RecordsContext : JsonSerializerContext;
