using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;

namespace Agent.Host.Transfers;

/// <summary>
/// Addresses of masters: literals at once, names through the system, each asked once at a time and remembered for seconds.
/// </summary>
internal sealed class MasterResolver
{
    // Names come from the configuration and from NOTIFY senders never, so this is only a stop against surprises.
    private const int MaximumNames = 4096;

    private readonly MasterClientOptions _options;
    private readonly TimeProvider _clock;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookup;
    private readonly ConcurrentDictionary<string, Entry> _names = new(StringComparer.OrdinalIgnoreCase);

    public MasterResolver(MasterClientOptions options, TimeProvider clock, Func<string, CancellationToken, Task<IPAddress[]>> lookup)
    {
        _options = options;
        _clock = clock;
        _lookup = lookup;
    }

    /// <summary>Answers always; a name that does not resolve gives no addresses and a reason.</summary>
    public async Task<MasterResolved> ResolveAsync(ResolveMaster request)
    {
        Master master = request.Master;
        if (IsLiteral(master.Host, out IPAddress? literal))
            return new MasterResolved(request.Id, master, [new IPEndPoint(literal, master.Port)], null);
        Entry entry = Find(master.Host);
        try
        {
            IPAddress[] addresses = await entry.Addresses.Value;
            IPEndPoint[] endPoints = [.. addresses.Distinct().Select(address => new IPEndPoint(address, master.Port))];
            return endPoints.Length > 0
                ? new MasterResolved(request.Id, master, endPoints, null)
                : Fail(request, "it has no address");
        }
        catch (Exception exception)
            when (exception is SocketException or TimeoutException or ArgumentException or OperationCanceledException)
        {
            return Fail(request, exception is TimeoutException ? "no answer in time" : exception.Message);
        }
    }

    private static MasterResolved Fail(ResolveMaster request, string why) => new(
        request.Id,
        request.Master,
        [],
        new Reason(ReasonCode.NoMaster, $"The name {request.Master.Host} of master {request.Master.Name} does not resolve: {why}."));

    private static bool IsLiteral(string host, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IPAddress? address)
    {
        string bare = host is ['[', .., ']'] ? host[1..^1] : host;
        address = null;
        // The parser also takes "7" and "1.2" for addresses; names may look like that.
        return (bare.Contains(':', StringComparison.Ordinal) || bare.Count(c => c == '.') == 3) && IPAddress.TryParse(bare, out address);
    }

    private Entry Find(string host)
    {
        long now = _clock.GetTimestamp();
        while (true)
        {
            if (_names.TryGetValue(host, out Entry? known) && !HasExpired(known, now))
                return known;
            if (_names.Count > MaximumNames)
                _names.Clear();
            var fresh = new Entry(now, new Lazy<Task<IPAddress[]>>(() => LookUpAsync(host)));
            if (known is null ? _names.TryAdd(host, fresh) : _names.TryUpdate(host, fresh, known))
                return fresh;
        }
    }

    private bool HasExpired(Entry entry, long now)
    {
        Task<IPAddress[]> addresses = entry.Addresses.Value;
        if (!addresses.IsCompleted)
            return false;
        TimeSpan life = addresses.IsCompletedSuccessfully ? _options.ResolveCache : _options.ResolveCache / 10;
        return _clock.GetElapsedTime(entry.Asked, now) >= life;
    }

    private async Task<IPAddress[]> LookUpAsync(string host)
    {
        using var deadline = new CancellationTokenSource(_options.ResolveTimeout, _clock);
        // The system's resolver may ignore the token; its caller does not.
        return await _lookup(host, deadline.Token).WaitAsync(_options.ResolveTimeout, _clock);
    }

    private sealed record Entry(long Asked, Lazy<Task<IPAddress[]>> Addresses);
}
