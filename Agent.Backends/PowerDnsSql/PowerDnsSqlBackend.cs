using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using System.Globalization;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.PowerDns;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsSql;

// The way of an apply, all but the last step in one transaction:
//
//   row of the zone: found or made --> how it denies (the master's chain, or keys and metadata)
//     --> change known from what we left? --> rows at its names are as left? --> deleted and inserted what differs --> (written)
//           | no                                | no
//           v                                   v
//         rows of the content, as digests --> rows of the table: those that are alike are crossed out, the others deleted
//           --> rows that are not crossed out inserted --> (written)
//   (written) --> commit --> purge the caches
//
// A zone that is new to PowerDNS is not in its list of zones (zone cache) before that is read anew: the first look at it asks for that.
// The look that proves a change purges once more (StaleAnswers).

/// <summary>
/// Writes zones into the database of PowerDNS, as its backends gsqlite3, gpgsql and gmysql read it, with what DNSSEC and empty names need,
/// and makes it forget what it had cached.
/// </summary>
public sealed class PowerDnsSqlBackend : AsyncZoneBackend
{
    private const int ConcurrentOrders = 8;
    private const long UptimeSlackSeconds = 3;
    private const int SocketPathMax = 107;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly OrderDeadlines Deadlines = OrderDeadlines.Default with { Apply = TimeSpan.FromMinutes(5) };

    private readonly PowerDnsSqlOptions _options;
    private readonly PowerDnsControl _control;
    private readonly ServerProbe _probe;
    private readonly SemaphoreSlim _changes;
    private readonly ConcurrentDictionary<DomainName, Left> _left = new();
    private readonly StaleAnswers _stale = new();
    private long? _started;

    /// <summary>Touches and connects to nothing yet.</summary>
    /// <exception cref="BackendOptionsException">A setting can never work.</exception>
    public PowerDnsSqlBackend(PowerDnsSqlOptions options, TimeProvider time)
        : base(
            new BackendTraits("powerdns-sql", ConcurrentOrders, Patience)
            {
                Listing = ZoneListing.Whole,
                TakesDifferences = true,
                Limits = PowerDnsTypes.Limits,
            },
            Deadlines,
            time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Control.Length is 0 or > SocketPathMax)
            throw new BackendOptionsException("control", $"'{options.Control}' cannot be the path of a unix socket");
        _options = options;
        _control = new PowerDnsControl(options.Control);
        _probe = new ServerProbe(options.Server, time);
        _changes = new SemaphoreSlim(options.ConcurrentChanges);
    }

    private string Kind => _options.IsPrimary ? "MASTER" : "NATIVE";

    /// <inheritdoc/>
    protected override async Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        DomainName zone = order.Zone;
        _left.TryRemove(zone, out Left? left);
        CheckName(zone);
        MasterChain? chain = MasterChain.Of(order.Content);
        // The same content a second time: the first time did not do, so nothing is taken for granted.
        WrittenZone? before = order.IsRepeated || left?.Written.Content == order.Content.Hash ? null : left?.Written;
        _stale.Expect(zone, order.Content.Serial);
        (bool isNew, WrittenZone written) = await InTransactionAsync(
            tables => new ZoneWriter(tables, Kind, cancellation).WriteAsync(order, chain, before), cancellation);
        await _control.PurgeAsync(zone, cancellation);
        FaultPoint.Pass("pdnssql.purged");
        _left[zone] = new Left(order.Content.Serial, isNew ? _control.CountMade() : left?.Made ?? 0, written);
    }

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) =>
        ApplyAsync(new ApplyZone(0, zone, content), cancellation);

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        _left.TryRemove(zone, out Left? _);
        string name = TableName.Of(zone.Wire);
        if (name.Length > TableName.LengthMax)
            return;
        _stale.Expect(zone, serial: null);
        await InTransactionAsync(
            async tables =>
            {
                if ((await tables.FindAsync(name, cancellation)).Id is { } id)
                    await tables.DeleteAsync(id, cancellation);
                return true;
            },
            cancellation);
        await _control.PurgeAsync(zone, cancellation);
        FaultPoint.Pass("pdnssql.purged");
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        bool wasLeft = _left.TryGetValue(zone, out Left? left);
        if (wasLeft && left!.Made > 0)
        {
            await LearnAsync(zone, left.Made, cancellation);
            _left.TryUpdate(zone, left with { Made = 0 }, left);
        }

        bool isSigned = left?.Written.Order.IsByMaster == true;
        ServerFinding? last = null;
        ZoneSighting seen = await _stale.LookAsync(
            zone,
            left?.Serial,
            async () => PowerDnsAnswer.Judge(zone, isSigned, last = await _probe.AskAsync(zone, isSigned, cancellation)),
            // What is not as expected may come from an older list of zones.
            isExpected => isExpected
                ? _control.PurgeAsync(zone, cancellation)
                : LearnAsync(zone, _control.CountMade(), cancellation));
        if (wasLeft || !PowerDnsAnswer.SaysNothing(last) || await HasAsync(zone, cancellation))
            return seen;
        _stale.Forget(zone);
        return ZoneSighting.Absent;
    }

    private async Task<bool> HasAsync(DomainName zone, CancellationToken cancellation)
    {
        string name = TableName.Of(zone.Wire);
        return name.Length <= TableName.LengthMax
            && await ReadAsync(async tables => (await tables.FindAsync(name, cancellation)).Id is not null, cancellation);
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        await ReadAsync(
            async tables =>
            {
                await tables.CheckAsync(cancellation);
                return true;
            },
            cancellation);
        if (await _control.UptimeAsync(cancellation) is not { } uptime)
            return;
        long started = (long)Time.GetElapsedTime(0).TotalSeconds - uptime;
        if (_started is not { } known || Math.Abs(started - known) > UptimeSlackSeconds)
            _started = started;
    }

    /// <inheritdoc/>
    protected override string? ServerRun => _started?.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    protected override async Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        List<string> names = await ReadAsync(tables => tables.NamesAsync(maximum, cancellation), cancellation);
        return [.. names.Select(name => DomainName.TryParse(name, out DomainName? zone) ? zone : null).OfType<DomainName>()];
    }

    /// <inheritdoc/>
    protected override ValueTask CloseAsync()
    {
        _changes.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void CheckName(DomainName zone)
    {
        if (TableName.Of(zone.Wire).Length > TableName.LengthMax)
            throw BackendException.NameNotAcceptable($"the name {zone} is longer in text than the columns of PowerDNS's tables");
        if (!TableName.IsAnswered(zone))
        {
            throw BackendException.NameNotAcceptable(
                $"PowerDNS answers no question for a name such as {zone}, with octets other than letters, digits and -_*./@\\: and space");
        }
    }

    /// <summary>PowerDNS reads its list of zones and this zone anew.</summary>
    private async Task LearnAsync(DomainName zone, long made, CancellationToken cancellation)
    {
        await _control.RediscoverAsync(made, cancellation);
        await _control.PurgeAsync(zone, cancellation);
    }

    private async Task<T> InTransactionAsync<T>(Func<ZoneTables, Task<T>> work, CancellationToken cancellation)
    {
        await _changes.WaitAsync(cancellation);
        try
        {
            return await OpenAsync(
                isForChange: true,
                async tables =>
                {
                    T result = await work(tables);
                    FaultPoint.Pass("pdnssql.written");
                    await tables.CommitAsync(cancellation);
                    FaultPoint.Pass("pdnssql.committed");
                    return result;
                },
                cancellation);
        }
        finally
        {
            _changes.Release();
        }
    }

    private Task<T> ReadAsync<T>(Func<ZoneTables, Task<T>> work, CancellationToken cancellation) =>
        OpenAsync(isForChange: false, work, cancellation);

    private async Task<T> OpenAsync<T>(bool isForChange, Func<ZoneTables, Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            await using ZoneTables tables = await ZoneTables.OpenAsync(_options, isForChange, cancellation);
            return await work(tables);
        }
        catch (Exception failure) when (failure is DbException or DataException or InvalidCastException)
        {
            throw BackendException.Away($"the database of PowerDNS: {failure.Message}", failure);
        }
    }

    /// <summary>What a zone was left at.</summary>
    /// <param name="Serial">Its serial.</param>
    /// <param name="Made">Its number among those that were made; 0 when PowerDNS knows that there is such a zone.</param>
    /// <param name="Written">Its rows.</param>
    private sealed record Left(uint Serial, long Made, WrittenZone Written);
}
