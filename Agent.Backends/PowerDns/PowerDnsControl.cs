using System.Net.Sockets;
using System.Text;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDns;

/// <summary>
/// The control socket of pdns_server: a line there, a text and the end back; each on a connection of its own, since the server closes it.
/// </summary>
/// <remarks>Any number of callers. The server answers one at a time.</remarks>
internal sealed class PowerDnsControl
{
    private const int AnswerBytesMax = 64 * 1024;

    private readonly string _path;
    private readonly GatheredPurges _purges;

    // Rediscovery reads the whole table of zones: all who have made zones before it begins share one.
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;
    private long _made;
    private long _known;

    /// <param name="path">Where the socket is.</param>
    public PowerDnsControl(string path)
    {
        _path = path;
        _purges = new GatheredPurges(AskAsync);
    }

    /// <summary>Returns when the server is there; its uptime in seconds, if it says one.</summary>
    public async Task<long?> UptimeAsync(CancellationToken cancellation) =>
        long.TryParse(await AskAsync("show uptime", cancellation), out long seconds) ? seconds : null;

    /// <summary>What is cached of a zone and all names below it is read anew.</summary>
    public Task PurgeAsync(DomainName zone, CancellationToken cancellation) =>
        _purges.PurgeAsync(TableName.Of(zone.Wire), cancellation);

    /// <summary>A zone was made: its number for <see cref="RediscoverAsync"/>.</summary>
    public long CountMade() => Interlocked.Increment(ref _made);

    /// <summary>The server learns which zones there are, unless it has done so since the one of this number was made.</summary>
    public Task RediscoverAsync(long made, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (made <= _known)
                return Task.CompletedTask;
            if (_next is null)
            {
                Task before = _running;
                _next = _running = Task.Run(() => RediscoverAfterAsync(before), CancellationToken.None);
            }

            return _next.WaitAsync(cancellation);
        }
    }

    private async Task RediscoverAfterAsync(Task before)
    {
        await before.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        long made;
        lock (_lock)
        {
            _next = null;
            made = Interlocked.Read(ref _made);
        }

        using CancellationTokenSource late = new(OrderDeadlines.Default.Observe);
        string answer = await AskAsync("rediscover", late.Token);
        if (answer != "Ok")
            throw BackendException.Refused($"PowerDNS did not look for new zones: {AnswerText.Of(answer)}");
        lock (_lock)
            _known = Math.Max(_known, made);
    }

    private async Task<string> AskAsync(string command, CancellationToken cancellation)
    {
        try
        {
            using Socket socket = await ControlSocket.ConnectAsync(_path, cancellation);
            await socket.SendAsync(Encoding.ASCII.GetBytes(command + "\n"), cancellation);
            byte[] answer = new byte[AnswerBytesMax];
            int length = 0;
            while (length < answer.Length && await socket.ReceiveAsync(answer.AsMemory(length), cancellation) is > 0 and int got)
                length += got;
            return length > 0
                ? Encoding.UTF8.GetString(answer, 0, length).Trim()
                : throw BackendException.Away($"PowerDNS closed its control socket {_path} without an answer");
        }
        catch (SocketException failure)
        {
            throw BackendException.Away($"the control socket {_path} of PowerDNS cannot be used: {failure.Message}", failure);
        }
    }
}
