using System.Globalization;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Nsd;

/// <summary>The commands that this driver gives to nsd. A channel that does not carry them is "away"; nsd's own no is a reply.</summary>
internal sealed class NsdControl : IDisposable
{
    private const string VersionLabel = "version:";
    private const string TextCountLabel = "num.type.TXT=";

    private readonly NsdControlPlace _place;
    private readonly NsdChannel _channel;
    private readonly NsdZoneLines _additions;
    private readonly NsdZoneLines _removals;

    /// <param name="place">Where nsd takes commands.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isCrowded">Whether more zones are likely to come at once.</param>
    public NsdControl(NsdControlPlace place, TimeProvider time, Func<bool> isCrowded)
    {
        _place = place;
        _channel = new NsdChannel(place, time);
        _additions = new NsdZoneLines("addzones", _channel, time, isCrowded);
        _removals = new NsdZoneLines("delzones", _channel, time, isCrowded);
    }

    public Task<NsdReply> AddAsync(string zone, string pattern, CancellationToken cancellation) =>
        _additions.SubmitAsync($"{zone} {pattern}", cancellation);

    public Task<NsdReply> DeleteAsync(string zone, CancellationToken cancellation) => _removals.SubmitAsync(zone, cancellation);

    /// <summary>Takes the zone away and adds it with the pattern in one reload, whatever nsd's parts know of it.</summary>
    public Task<NsdReply> ChangeAsync(string zone, string pattern, CancellationToken cancellation) =>
        _channel.CallAsync($"changezone {zone} {pattern}", cancellation);

    /// <summary>Has a secondary ask its primaries for what is newer, or for the whole zone whatever its serial.</summary>
    public Task<NsdReply> FetchAsync(string zone, bool mustTakeAll, CancellationToken cancellation) =>
        _channel.CallAsync($"{(mustTakeAll ? "force_transfer" : "transfer")} {zone}", cancellation);

    public Task<NsdReply> ReloadAsync(string zone, CancellationToken cancellation) => _channel.CallAsync($"reload {zone}", cancellation);

    /// <summary>What nsd's configuration has of the zone; null when it has nothing.</summary>
    /// <exception cref="BackendException">It does not tell.</exception>
    public async Task<NsdZoneStatus?> StatusAsync(string zone, CancellationToken cancellation)
    {
        NsdReply reply = await _channel.CallAsync($"zonestatus {zone}", cancellation);
        NsdZoneStatus? status = reply.Lines.Aggregate((NsdZoneStatus?)null, NsdZoneStatus.Read);
        return status is not null || reply.IsNoSuchZone ? status : throw Puzzling("zonestatus", reply);
    }

    /// <summary>The version of an nsd that takes commands.</summary>
    /// <exception cref="BackendException">It does not.</exception>
    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        NsdReply reply = await _channel.CallAsync("status", cancellation);
        return reply.Lines.FirstOrDefault(line => line.StartsWith(VersionLabel, StringComparison.Ordinal)) is { } line
            ? line[VersionLabel.Length..].Trim()
            : throw Puzzling("status", reply);
    }

    /// <summary>How many questions of type TXT nsd has had; null where it does not count.</summary>
    public async Task<long?> TextQuestionsAsync(CancellationToken cancellation)
    {
        long? counted = null;
        await _channel.CallAsync("stats_noreset\n", line =>
        {
            if (line.StartsWith(TextCountLabel, StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(TextCountLabel.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long count))
                counted = count;
        }, cancellation);
        return counted;
    }

    /// <summary>
    /// The primary zones that came over the control channel, and the secondary ones where they are wanted too, from whomever; one more than
    /// the maximum when there are more. Those of nsd.conf are the operator's.
    /// </summary>
    public async Task<List<DomainName>> ZonesAsync(int maximum, bool withSecondaries, CancellationToken cancellation)
    {
        List<DomainName> zones = [];
        NsdZoneStatus? current = null;
        await _channel.CallAsync("zonestatus\n", line =>
        {
            NsdZoneStatus? next = NsdZoneStatus.Read(current, line);
            if (next?.Name != current?.Name)
                Take(current);
            current = next;
        }, cancellation);
        Take(current);
        // The list has no end mark: an nsd that died while it told would seem to have few zones.
        await VersionAsync(cancellation);
        return zones;

        void Take(NsdZoneStatus? told)
        {
            if (told is not { Pattern: not null } || !(told.IsPrimary || withSecondaries) || zones.Count > maximum)
                return;
            if (DomainName.TryParse(told.Name, out DomainName? name))
                zones.Add(name);
        }
    }

    public void Dispose() => _channel.Dispose();

    private BackendException Puzzling(string command, NsdReply reply) =>
        BackendException.Away($"what answers at {_place} is not nsd, or not well: {command} gives \"{reply.Text}\"");
}
