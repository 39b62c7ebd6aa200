using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Backends;

/// <summary>
/// The port to whoever compares what a server serves of one zone with a content. Every question is answered by exactly one
/// <see cref="ContentChecked"/> that carries its number, in bounded time. It changes nothing at the server.
/// </summary>
public interface IContentCheck
{
    /// <summary>Compares; never blocks.</summary>
    void Check(CheckContent order, ReplyTo replyTo);
}

/// <summary>By what a server proves that it serves a content.</summary>
public enum ContentProof
{
    /// <summary>By the serial in its own answer.</summary>
    Serial = 0,

    /// <summary>By some of its RRsets, too: the name servers at the apex, and others that the serial chooses.</summary>
    Sample = 1,

    /// <summary>By the whole zone, which it lets us transfer; by a sample where it does not.</summary>
    Digest = 2,
}

/// <summary>Say whether the server serves this content.</summary>
/// <param name="Id">Comes back in the answer.</param>
/// <param name="Zone">Name of the zone.</param>
/// <param name="Content">What it is to serve.</param>
/// <param name="Proof">Sample or digest.</param>
public sealed record CheckContent(long Id, DomainName Zone, ZoneContent Content, ContentProof Proof) : BackendOrder(Id);

/// <summary>What came of a comparison.</summary>
public enum ContentVerdict
{
    /// <summary>As far as was looked, the server serves the content.</summary>
    Same = 0,

    /// <summary>It serves something else.</summary>
    Differs = 1,

    /// <summary>Nothing could be found out.</summary>
    CannotTell = 2,
}

/// <summary>Answer to <see cref="CheckContent"/>.</summary>
/// <param name="Id">Number of the order.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Difference">The records, when it differs.</param>
/// <param name="Reason">What stood in the way when nothing is known, or not of the whole zone that was asked about.</param>
public sealed record ContentChecked(long Id, ContentVerdict Verdict, ContentDifference? Difference, Reason? Reason)
{
    /// <summary>The whole zone was asked about, and only a sample of it found to be the same.</summary>
    public bool IsOnlySampled { get; init; }
}

/// <summary>Records by which a server's content and the wanted one differ, as lines of a master file.</summary>
/// <param name="ForeignCount">Records that the server has and that are not wanted.</param>
/// <param name="MissingCount">Records that are wanted and that the server does not have.</param>
/// <param name="Foreign">The first of those.</param>
/// <param name="Missing">The first of these.</param>
/// <param name="Proof">How it was found: of a sample, the counts are those of the sample.</param>
public sealed record ContentDifference(
    long ForeignCount, long MissingCount, ImmutableArray<string> Foreign, ImmutableArray<string> Missing, ContentProof Proof)
{
    /// <summary>In a few words, with the first record.</summary>
    public override string ToString()
    {
        string example = Missing.FirstOrDefault() ?? Foreign.FirstOrDefault() ?? "";
        string where = Proof == ContentProof.Sample ? " in a sample" : "";
        return $"{ForeignCount} records too many and {MissingCount} missing{where}, such as {example.ReplaceLineEndings(" ")}";
    }
}
