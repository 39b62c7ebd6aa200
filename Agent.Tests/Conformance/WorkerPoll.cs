using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Conformance;

/// <summary>What the pool manager writes down after a poll.</summary>
public enum ZoneVerdict
{
    Active,
    Deleted,
    NoZone,
    Error,
}

/// <summary>
/// The pool manager's arithmetic after a change (Designate 15, threshold of 100 %): it asks each name server of the pool for the SOA, looks
/// neither at AA nor at the response code, and compares serials as plain integers.
/// </summary>
public static class WorkerPoll
{
    /// <summary>One round over the name servers.</summary>
    /// <param name="nameServers">The pool's; at least one.</param>
    /// <param name="zone">The zone that changed.</param>
    /// <param name="serial">The serial in the pool manager's database; null after a delete.</param>
    public static async Task<ZoneVerdict> RoundAsync(IReadOnlyList<IPEndPoint> nameServers, string zone, uint? serial) =>
        Judge(await Task.WhenAll(nameServers.Select(server => SerialAtAsync(server, zone))), serial);

    /// <summary>Rounds until the verdict is the wanted one; the deadline bounds a failure only.</summary>
    public static async Task BecomesAsync(
        ZoneVerdict wanted, IReadOnlyList<IPEndPoint> nameServers, string zone, uint? serial, Func<string> describe)
    {
        ZoneVerdict last = ZoneVerdict.Error;
        await Eventually.HoldsAsync(
            async () => (last = await RoundAsync(nameServers, zone, serial)) == wanted,
            () => $"{zone}: wanted {wanted}, last {last}\n{describe()}");
    }

    /// <param name="results">Per name server: the serial, 0 for an answer without records, null for no usable answer.</param>
    /// <param name="serial">As for <see cref="RoundAsync"/>.</param>
    public static ZoneVerdict Judge(IReadOnlyList<uint?> results, uint? serial)
    {
        if (serial is not { } wanted)
        {
            return results.All(result => result == 0) ? ZoneVerdict.Deleted : ZoneVerdict.Error;
        }

        bool everyServerHasIt = results.All(result => result is { } seen && (seen != 0 || wanted == 0));
        bool everyServerIsLevel = results.All(result => result is { } seen && seen >= wanted);
        bool someSaidNo = results.Any(result => result == 0 && wanted > 0);
        return everyServerHasIt && everyServerIsLevel ? ZoneVerdict.Active
            : someSaidNo ? ZoneVerdict.NoZone
            : ZoneVerdict.Error;
    }

    private static async Task<uint?> SerialAtAsync(IPEndPoint nameServer, string zone)
    {
        try
        {
            return (await new WorkerClient(nameServer).QuerySoaAsync(zone)) is { AnswerCount: > 0 } reply ? reply.Serial : 0;
        }
        catch (Exception error) when (error is TimeoutException or InvalidDataException)
        {
            return null;
        }
    }
}
