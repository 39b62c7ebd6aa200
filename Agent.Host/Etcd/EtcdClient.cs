using System.Net;
using System.Text.Json;
using Agent.Actors.Reasons;
using Agent.Host.Telemetry;

namespace Agent.Host.Etcd;

/// <summary>
/// Sends requests: chooses the endpoint, makes sure before the first request that it belongs to the cluster, keeps the token, judges the
/// answer. A request goes to the next endpoint only when no octet of it has left; what may have arrived is never sent again. The one
/// exception is a token that is over: etcd refuses such a request before it looks at it, and it follows once with a new token.
/// </summary>
internal sealed partial class EtcdClient : IDisposable
{
    private readonly EtcdOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly EtcdTransport _transport;
    private readonly EtcdEndpoints _endpoints;
    private readonly EtcdHighWater _highWater;
    private readonly EtcdIdentity? _identity;
    private readonly EtcdTokens _tokens;
    private readonly RepeatGuard _refusals;

    /// <exception cref="EtcdOptionsException">The options cannot be used.</exception>
    public EtcdClient(EtcdOptions options, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _clock = clock;
        _logger = logger;
        _endpoints = new EtcdEndpoints(options.Check(), options.PauseMax, clock);
        _transport = new EtcdTransport(options, problem => LogFilesRefused(logger, problem));
        _tokens = new EtcdTokens(options.TokenRenewal, options.LoginPause, clock);
        _refusals = new RepeatGuard(clock);
        CheckPassword();
        _identity = options.Memory is { } memory ? new EtcdIdentity(memory, options.ConfigKey) : null;
        _highWater = new EtcdHighWater(takesFirst: _identity is null);
    }

    public IReadOnlyList<EtcdEndpointStatus> Endpoints => _endpoints.Status();

    public void Dispose()
    {
        _transport.Dispose();
        _tokens.Dispose();
    }

    /// <summary>One request within the deadline.</summary>
    /// <param name="read">Makes the result of the answer; what it throws as FormatException makes the answer a broken one.</param>
    /// <exception cref="EtcdException">It failed.</exception>
    public async Task<T> SendAsync<T>(EtcdCall call, Func<JsonElement, T> read, CancellationToken closing)
    {
        using EtcdPatience patience = new(_options.Timeout, _clock, closing);
        return await OnEndpointAsync(endpoint => AskAsync(endpoint, call, read, patience), isRepeatable: false, patience);
    }

    /// <summary>One request to this endpoint and no other.</summary>
    /// <exception cref="EtcdException">It failed.</exception>
    public async Task<T> AskAsync<T>(EtcdEndpoint endpoint, EtcdCall call, Func<JsonElement, T> read, EtcdPatience patience)
    {
        string token = call.IsAuthenticated ? await TokenAsync(endpoint, patience) : "";
        try
        {
            return await AskOnceAsync(endpoint, call, token, read, patience);
        }
        catch (EtcdException failure) when (call.IsAuthenticated && _options.User.Length > 0 && EtcdError.AsksForToken(failure))
        {
            _tokens.Drop(token);
            token = await TokenAsync(endpoint, patience);
            return await AskOnceAsync(endpoint, call, token, read, patience);
        }
    }

    /// <summary>Opens a stream of answers; it has no effect, so each endpoint may be tried.</summary>
    /// <exception cref="EtcdException">No endpoint gave one within the deadline.</exception>
    public async Task<EtcdStream> OpenAsync(EtcdCall call, CancellationToken closing)
    {
        using EtcdPatience patience = new(_options.Timeout, _clock, closing);
        return await OnEndpointAsync(
            async endpoint =>
            {
                string token = await TokenAsync(endpoint, patience);
                try
                {
                    return await OpenOnceAsync(endpoint, call, token, patience);
                }
                catch (EtcdException failure) when (_options.User.Length > 0 && EtcdError.AsksForToken(failure))
                {
                    _tokens.Drop(token);
                    token = await TokenAsync(endpoint, patience);
                    return await OpenOnceAsync(endpoint, call, token, patience);
                }
            },
            isRepeatable: true,
            patience);
    }

    /// <summary>Takes note of a message of a stream.</summary>
    /// <exception cref="EtcdException">It must not be used.</exception>
    public void Admit(EtcdEndpoint endpoint, EtcdHeader header, EtcdHeader known, EtcdCheck check)
    {
        _highWater.Admit(endpoint.Address, header, known, check);
        _endpoints.Answered(endpoint, header);
    }

    /// <summary>Leaves an endpoint alone for a while, if the failure is its own.</summary>
    public void Blame(EtcdEndpoint endpoint, EtcdException failure)
    {
        if (!failure.BlamesEndpoint || !_endpoints.Failed(endpoint, failure.Reason)) return;
        EtcdMetrics.EndpointFailures.Add(1);
        if (_endpoints.MayTell(endpoint, failure.Reason)) LogEndpointFailed(_logger, endpoint.Address.Authority, failure.Reason);
    }

    private async Task<T> OnEndpointAsync<T>(
        Func<EtcdEndpoint, Task<T>> ask, bool isRepeatable, EtcdPatience patience)
    {
        EtcdException? last = null;
        foreach (EtcdEndpoint endpoint in _endpoints.InOrder())
        {
            if (patience.IsOver) break;
            try
            {
                if (_endpoints.NeedsGreeting(endpoint)) await GreetAsync(endpoint, patience);
                return await ask(endpoint);
            }
            catch (EtcdException failure)
            {
                bool mayGoOn = failure.Outcome == EtcdOutcome.NotSent || (isRepeatable && failure.BlamesEndpoint);
                if (!mayGoOn) throw;
                last = failure;
            }
        }

        throw last ?? EtcdException.Away("there was no time left for the request", EtcdOutcome.NotSent);
    }

    /// <summary>
    /// Asks an endpoint who it is before anything is entrusted to it. A member that hangs, hears no leader or belongs to another cluster
    /// is found out here, while the request that waits can still go elsewhere.
    /// </summary>
    private async Task GreetAsync(EtcdEndpoint endpoint, EtcdPatience patience)
    {
        _transport.FollowFiles();
        using EtcdPatience part = patience.Part(_options.Timeout * 0.3, _clock);
        try
        {
            (string version, ulong cluster) = await AskOnceAsync(
                endpoint,
                EtcdCalls.Status(),
                "",
                answer => (EtcdError.Printable(EtcdJson.Text(answer, "version")), EtcdHeader.Read(answer).Cluster),
                part);
            if (_identity is not null && !_highWater.IsKnown) await ConfirmAsync(_identity, endpoint, patience);
            if (_endpoints.Greeted(endpoint, version))
                LogEndpointInUse(_logger, endpoint.Address.Authority, version, EtcdHighWater.Hex(cluster));
        }
        catch (EtcdException failure)
        {
            throw new EtcdException(failure.Reason, EtcdOutcome.NotSent, failure.Code, failure.BlamesEndpoint);
        }
    }

    /// <summary>The first etcd that this process meets need not be the one of its cluster.</summary>
    private async Task ConfirmAsync(EtcdIdentity identity, EtcdEndpoint endpoint, EtcdPatience patience)
    {
        try
        {
            _highWater.Accept(await identity.ConfirmAsync(
                endpoint.Address, () => AskAsync(endpoint, identity.Question, identity.Read, patience), patience.Token));
        }
        catch (EtcdException failure) when (failure is { BlamesEndpoint: true, Reason.Code: ReasonCode.StoreRefused })
        {
            // What the question itself fails with has been told already.
            Blame(endpoint, failure);
            throw;
        }
    }

    private async Task<string> TokenAsync(EtcdEndpoint endpoint, EtcdPatience patience)
    {
        if (_options.User.Length == 0) return "";
        try
        {
            return await _tokens.GetAsync(Password, password => LogInAsync(endpoint, password, patience), patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw EtcdException.Away($"{endpoint.Address.Authority} gave no token in time", EtcdOutcome.NotSent);
        }
        catch (EtcdException failure) when (failure.Outcome == EtcdOutcome.Open)
        {
            // Only the token was asked for; the request itself has not left.
            throw new EtcdException(failure.Reason, EtcdOutcome.NotSent, failure.Code, failure.BlamesEndpoint);
        }
    }

    private async Task<string> LogInAsync(EtcdEndpoint endpoint, string password, EtcdPatience patience)
    {
        EtcdCall call = EtcdCalls.Authenticate(_options.User, password);
        try
        {
            string token = await AskOnceAsync(endpoint, call, "", answer => EtcdJson.Text(answer, "token"), patience);
            return IsToken(token) ? token : throw EtcdException.Away(
                $"{endpoint.Address.Authority} gave a token that is none", EtcdOutcome.NotSent);
        }
        catch (EtcdException failure) when (EtcdError.SaysNoAuthentication(failure))
        {
            LogNoAuthentication(_logger, endpoint.Address.Authority);
            return "";
        }
        catch (EtcdException failure) when (failure is { Outcome: EtcdOutcome.Refused, BlamesEndpoint: false })
        {
            if (_refusals.MaySay("login")) LogLoginRefused(_logger, _options.User, failure.Reason);
            throw;
        }
    }

    /// <summary>A file that is away for a moment may be there at the next request; no endpoint is to blame for it.</summary>
    private string Password()
    {
        try
        {
            return _options.ReadPassword();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Reason reason = new(ReasonCode.StoreAway, $"the password of {_options.User} cannot be read: {failure.Message}");
            if (_refusals.MaySay("password")) LogLoginRefused(_logger, _options.User, reason);
            throw new EtcdException(reason, EtcdOutcome.NotSent, EtcdError.None, blamesEndpoint: false);
        }
    }

    private void CheckPassword()
    {
        try
        {
            if (_options.User.Length > 0) _options.ReadPassword();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw new EtcdOptionsException($"the password of {_options.User} cannot be read: {failure.Message}", failure);
        }
    }

    private async Task<T> AskOnceAsync<T>(
        EtcdEndpoint endpoint, EtcdCall call, string token, Func<JsonElement, T> read, EtcdPatience patience)
    {
        long started = _clock.GetTimestamp();
        EtcdHeader known = _highWater.Highest;
        using EtcdContent content = new(call.Body);
        try
        {
            using HttpRequestMessage request = Request(endpoint, call, content, token);
            using HttpResponseMessage response = await _transport.SendAsync(request, patience.Token);
            byte[] octets = await ReadAsync(response, patience.Token);
            if (response.StatusCode != HttpStatusCode.OK) throw EtcdError.Read(endpoint.Address, response.StatusCode, octets);
            using JsonDocument document = EtcdJson.Parse(octets);
            JsonElement answer = Unwrapped(endpoint, document.RootElement);
            Admit(endpoint, EtcdHeader.Read(answer), known, call.Check);
            T result = read(answer);
            EtcdMetrics.Count(call.Operation, null, _clock.GetElapsedTime(started));
            return result;
        }
        catch (Exception failure) when (IsOutside(failure))
        {
            EtcdException judged = Judge(endpoint, failure, content, patience);
            EtcdMetrics.Count(call.Operation, judged.Outcome, _clock.GetElapsedTime(started));
            Blame(endpoint, judged);
            throw judged;
        }
    }

    private async Task<EtcdStream> OpenOnceAsync(EtcdEndpoint endpoint, EtcdCall call, string token, EtcdPatience patience)
    {
        EtcdHeader known = _highWater.Highest;
        using EtcdContent content = new(call.Body);
        HttpResponseMessage? response = null;
        try
        {
            using HttpRequestMessage request = Request(endpoint, call, content, token);
            response = await _transport.SendAsync(request, patience.Token);
            if (response.StatusCode != HttpStatusCode.OK)
                throw EtcdError.Read(endpoint.Address, response.StatusCode, await ReadAsync(response, patience.Token));
            Stream stream = await response.Content.ReadAsStreamAsync(patience.Token);
            return new EtcdStream(endpoint, known, response, new EtcdLineReader(stream, _options.AnswerMax, _clock));
        }
        catch (Exception failure) when (IsOutside(failure))
        {
            response?.Dispose();
            EtcdException judged = Judge(endpoint, failure, content, patience);
            Blame(endpoint, judged);
            throw judged;
        }
    }

    /// <summary>The gateway wraps each message of a stream in a result or an error; a keepalive is a stream of one message.</summary>
    private static JsonElement Unwrapped(EtcdEndpoint endpoint, JsonElement root) =>
        EtcdJson.Object(root, "error") is { } error ? throw EtcdError.Of(endpoint.Address, error) : EtcdJson.Object(root, "result") ?? root;

    private static HttpRequestMessage Request(EtcdEndpoint endpoint, EtcdCall call, EtcdContent content, string token)
    {
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(endpoint.Address, call.Path))
        {
            Content = content,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        // A member without a leader says so at once instead of holding the request until its deadline.
        request.Headers.TryAddWithoutValidation("Grpc-Metadata-hasleader", "true");
        if (token.Length > 0) request.Headers.TryAddWithoutValidation("Authorization", token);
        return request;
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > _options.AnswerMax) throw TooLarge();
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        using MemoryStream octets = new();
        byte[] part = new byte[8 * 1024];
        while (await stream.ReadAsync(part, cancellation) is var count and > 0)
        {
            if (octets.Length + count > _options.AnswerMax) throw TooLarge();
            octets.Write(part, 0, count);
        }

        return octets.ToArray();
    }

    private FormatException TooLarge() => new($"the answer is larger than {_options.AnswerMax} octets");

    private EtcdException Judge(EtcdEndpoint endpoint, Exception failure, EtcdContent content, EtcdPatience patience)
    {
        if (failure is EtcdException known) return known;
        EtcdOutcome outcome = content.WasTaken ? EtcdOutcome.Open : EtcdOutcome.NotSent;
        string authority = endpoint.Address.Authority;
        if (patience.IsWithdrawn)
        {
            Reason withdrawn = new(ReasonCode.StoreAway, "the request was withdrawn");
            return new EtcdException(withdrawn, outcome, EtcdError.None, blamesEndpoint: false);
        }

        return failure switch
        {
            OperationCanceledException when patience.IsOver && content.WasTaken =>
                EtcdException.Away($"{authority} did not answer in time", outcome),
            OperationCanceledException => EtcdException.Away($"no connection to {authority} in time", outcome),
            JsonException or FormatException => EtcdException.Away(
                $"{authority} gave a broken answer: {(failure is FormatException ? failure.Message : "it is no JSON")}", outcome),
            _ when _transport.OwnProblem(_clock.GetUtcNow()) is { } ours =>
                EtcdException.Away($"{authority}: {Causes(failure)} ({ours})", outcome),
            _ => EtcdException.Away($"{authority}: {Causes(failure)}", outcome),
        };
    }

    /// <summary>What sockets, TLS and servers do to a request.</summary>
    private static bool IsOutside(Exception failure) =>
        failure is EtcdException or OperationCanceledException or HttpRequestException or IOException or JsonException or FormatException;

    private static string Causes(Exception failure)
    {
        Exception root = failure;
        while (root.InnerException is { } inner) root = inner;
        return EtcdError.Printable(root.Message);
    }

    private static bool IsToken(string token) =>
        token.Length is > 0 and <= 8192 && token.All(character => character is > ' ' and < (char)127);

    [LoggerMessage(
        EventId = 700,
        EventName = "etcd-endpoint",
        Level = LogLevel.Information,
        Message = "etcd: using {Endpoint} version={Version} cluster={Cluster}")]
    private static partial void LogEndpointInUse(ILogger logger, string endpoint, string version, string cluster);

    [LoggerMessage(
        EventId = 701, EventName = "etcd-endpoint-failed", Level = LogLevel.Warning, Message = "etcd: {Endpoint} is left alone: {Reason}")]
    private static partial void LogEndpointFailed(ILogger logger, string endpoint, Reason reason);

    [LoggerMessage(
        EventId = 702,
        EventName = "etcd-no-authentication",
        Level = LogLevel.Warning,
        Message = "etcd: {Endpoint} has its authentication off: anybody who reaches it may take the cluster over")]
    private static partial void LogNoAuthentication(ILogger logger, string endpoint);

    [LoggerMessage(
        EventId = 705, EventName = "etcd-login-refused", Level = LogLevel.Error, Message = "etcd: no login as {User}: {Reason}")]
    private static partial void LogLoginRefused(ILogger logger, string user, Reason reason);

    [LoggerMessage(
        EventId = 703, EventName = "etcd-files-refused", Level = LogLevel.Error, Message = "etcd: {Problem}; the former ones stay in use")]
    private static partial void LogFilesRefused(ILogger logger, string problem);
}
