using System.Collections.Concurrent;
using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <summary>The port to the masters on real sockets. Decides nothing: which master, when and how often is for the actors.</summary>
public sealed partial class MasterClient : IMasterClient, INotifySender, IAsyncDisposable
{
    private readonly TransferServices _services;
    private readonly MasterResolver _resolver;
    private readonly SoaAsker _soaAsker;
    private readonly NotifySender _notifySender;
    private readonly ILogger _logger;
    // Never disposed: a request that comes while all is closing still finds a token, and is answered.
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _transfers = new();
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    public MasterClient(
        MasterClientOptions options,
        SpoolDirectory spool,
        TransferKeyring keyring,
        RecentDifferences recent,
        TimeProvider clock,
        ILogger<MasterClient> logger)
        : this(options, spool, keyring, recent, clock, logger, System.Net.Dns.GetHostAddressesAsync)
    {
    }

    /// <summary>With another way to look names up.</summary>
    public MasterClient(
        MasterClientOptions options,
        SpoolDirectory spool,
        TransferKeyring keyring,
        RecentDifferences recent,
        TimeProvider clock,
        ILogger<MasterClient> logger,
        Func<string, CancellationToken, Task<IPAddress[]>> lookup)
    {
        var connections = new MasterConnectionPool(options, options.Tls, clock);
        _services = new TransferServices(connections, spool, keyring, options, clock, new IxfrRests(options.IxfrRest, clock), recent);
        _resolver = new MasterResolver(options, clock, lookup);
        _soaAsker = new SoaAsker(connections, keyring, clock, options.MaximumSoaQuestions);
        _notifySender = new NotifySender(connections, keyring, clock);
        _logger = logger;
    }

    /// <inheritdoc/>
    public void Resolve(ResolveMaster request, ReplyTo replyTo) => Run(
        async () => await _resolver.ResolveAsync(request),
        why => new MasterResolved(request.Id, request.Master, [], new Reason(ReasonCode.NoMaster, why)),
        replyTo);

    /// <inheritdoc/>
    public void AskSoa(AskSoa request, ReplyTo replyTo) => Run(
        async () =>
        {
            long asked = _services.Clock.GetTimestamp();
            SoaAnswered answer = await _soaAsker.AskAsync(request, _stopping.Token);
            TransferMetrics.SoaAnswered(answer.Outcome);
            LogSoa(request, answer, asked);
            return answer;
        },
        why => new SoaAnswered(request.Id, request.Address, SoaOutcome.CannotTell, 0, new Reason(ReasonCode.NoMaster, why)),
        replyTo);

    private void LogSoa(AskSoa request, SoaAnswered answer, long asked)
    {
        if (!_logger.IsEnabled(LogLevel.Debug)) return;
        double milliseconds = Math.Round(_services.Clock.GetElapsedTime(asked).TotalMilliseconds, 1);
        string outcome = TransferMetrics.Word(answer.Outcome);
        LogSoaAnswered(
            request.Address.Master.Name, request.Address.EndPoint, request.Zone, outcome, answer.Serial, milliseconds, answer.Reason);
    }

    [LoggerMessage(EventId = 400, EventName = "soa", Level = LogLevel.Debug,
        Message = "{Master} at {Address} {Zone}: {Outcome} {Serial} after {Milliseconds} ms {Reason}")]
    private partial void LogSoaAnswered(
        string master, IPEndPoint address, DomainName zone, string outcome, uint serial, double milliseconds, Reason? reason);

    /// <inheritdoc/>
    public void Transfer(TransferZone request, ReplyTo replyTo)
    {
        // Registered before anything runs, so that a cancellation right behind the request finds it.
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _transfers[request.Id] = cancel;
        Run(
            async () => await TransferAsync(request, replyTo, cancel),
            why => new TransferFailed(request.Id, request.Address, TransferFailure.GivenUp, new Reason(ReasonCode.TransferBroken, why)),
            replyTo);
    }

    /// <inheritdoc/>
    public void Notify(SendNotify request, ReplyTo replyTo) => Run(
        async () => await _notifySender.NotifyAsync(request, _stopping.Token),
        why => new NotifyAnswered(request.Id, IsAnswered: false, why),
        replyTo);

    /// <inheritdoc/>
    public void Cancel(long id)
    {
        if (_transfers.TryGetValue(id, out CancellationTokenSource? cancel))
            CancelQuietly(cancel);
    }

    /// <summary>Cancels what is under way, waits until all of it has been answered, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        while (!_running.IsEmpty)
            await Task.WhenAll(_running.Keys);
        _services.Connections.Dispose();
        _soaAsker.Dispose();
    }

    private static void CancelQuietly(CancellationTokenSource cancel)
    {
        try
        {
            cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this very moment; its final message is on the way.
        }
    }

    private async Task<object> TransferAsync(TransferZone request, ReplyTo replyTo, CancellationTokenSource cancel)
    {
        var run = new TransferRun(request, _services, moving => replyTo.Tell(moving), cancel.Token);
        object? final = null;
        TransferMetrics.Started();
        try
        {
            final = await run.RunAsync();
            return final;
        }
        finally
        {
            TransferMetrics.Ended(final, run.Statistics);
            _transfers.TryRemove(request.Id, out _);
            cancel.Dispose();
        }
    }

    /// <summary>
    /// On the caller's thread up to where the work first waits: a question is on its way before the caller goes on, and no other thread has
    /// to be woken for it.
    /// </summary>
    private void Run(Func<Task<object>> work, Func<string, object> refuse, ReplyTo replyTo)
    {
        Task task = AnswerAsync(work, refuse, replyTo);
        if (task.IsCompleted)
            return;
        _running[task] = 0;
        _ = task.ContinueWith(
            ended => _running.TryRemove(ended, out _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    // Whatever goes wrong becomes the answer: a request without one would leave its zone waiting for ever.
    private async Task AnswerAsync(Func<Task<object>> work, Func<string, object> refuse, ReplyTo replyTo)
    {
        object answer;
        try
        {
            answer = await work();
        }
        catch (Exception exception)
        {
            LogFailed(exception);
            answer = refuse($"The request to the master failed: {exception.Message}");
        }
        replyTo.TellLast(answer);
    }

    [LoggerMessage(
        EventName = "master-request-failed",
        Level = LogLevel.Error,
        Message = "a request to a master failed in an unexpected way")]
    private partial void LogFailed(Exception exception);
}
