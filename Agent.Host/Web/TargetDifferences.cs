using Agent.Actors.Backends;
using Agent.Backends.Contents;
using Agent.Dns.Zones;

namespace Agent.Host.Web;

/// <summary>What a target serves beside what is held, as JSON: records in the form of master files.</summary>
/// <param name="Target">As it was asked for.</param>
/// <param name="ServedSerial">Of what the target serves.</param>
/// <param name="HeldSerial">Of what it is to serve.</param>
/// <param name="IsEqual">Every record is the same; the case of names is not counted.</param>
/// <param name="ForeignCount">Records that the target serves and that are not held, a SOA that differs among them.</param>
/// <param name="MissingCount">Records that are held and that the target does not serve, a SOA that differs among them.</param>
/// <param name="Foreign">The first of those.</param>
/// <param name="Missing">The first of these.</param>
/// <param name="IsTruncated">There are more than were asked for.</param>
public sealed record TargetDifferenceModel(
    string Zone,
    string Target,
    uint ServedSerial,
    uint HeldSerial,
    bool IsEqual,
    long ForeignCount,
    long MissingCount,
    IReadOnlyList<string> Foreign,
    IReadOnlyList<string> Missing,
    bool IsTruncated);

/// <summary>Compares what a target serves with what the zone holds, record by record.</summary>
internal static class TargetDifferences
{
    private const long ReadAtLeastBytes = 64L << 20;

    /// <exception cref="IOException">A content cannot be read.</exception>
    public static async Task<IResult> CompareAsync(
        ZoneContent held, string target, IServedZones zones, int limit, CancellationToken stop)
    {
        long readMax = Math.Max(ReadAtLeastBytes, 4 * held.ByteCount);
        using ServedAnswer served = await zones.ReadAsync(target, held.Apex, readMax, stop);
        if (served.Content is not { } content)
            return Problems.Of(StatusCodes.Status409Conflict, served.Code, served.Text);
        if (!ContentDifferences.TryFind(content, held, limit, sparesServers: false, out ContentDifference? found))
        {
            return Problems.Of(
                StatusCodes.Status409Conflict,
                "not-comparable",
                $"the contents cannot be compared: their difference is above {ContentDifferences.LargestBytes >> 20} MiB, "
                + "or their names come in no order and they are large");
        }

        return Results.Json(Model(held, content, target, found));
    }

    private static TargetDifferenceModel Model(
        ZoneContent held, ZoneContent served, string target, ContentDifference found) => new(
        held.Apex.ToString(),
        target,
        served.Serial,
        held.Serial,
        found.ForeignCount + found.MissingCount == 0,
        found.ForeignCount,
        found.MissingCount,
        found.Foreign,
        found.Missing,
        found.ForeignCount > found.Foreign.Length || found.MissingCount > found.Missing.Length);
}
