using System.Net.Sockets;
using Agent.Actors.Anycast;
using Agent.Actors.Kernel;

namespace Agent.Host.Anycast;

/// <summary>
/// The port to BIRD. One loop takes the latest wanted state: to announce it first writes the files and then lets the addresses live that
/// the routes hang on, to withdraw it takes the addresses first, so that a BIRD that cannot be told loses the routes all the same.
/// </summary>
/// <remarks>Any thread may call. Files and addresses are the loop's own.</remarks>
internal sealed class AnycastAnnouncer : IAnnouncer, IAsyncDisposable
{
    private readonly BirdOptions _options;
    private readonly TimeProvider _clock;
    private readonly BirdFile[] _files;
    private readonly AliveAddresses? _alive;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _news = new(0);
    private readonly Task _loop;
    private (Announcement Wanted, ReplyTo ReplyTo)? _waiting;
    private bool _isEnding;
    private bool _owesReload = true;

    public AnycastAnnouncer(AnycastOptions options, TimeProvider clock)
    {
        _options = options.Bird;
        _clock = clock;
        var files = new List<BirdFile>();
        if (_options.FileIPv4.Length > 0)
            files.Add(new BirdFile(_options.FileIPv4, BirdFile.Of(options.Prefixes, AddressFamily.InterNetwork), _options.ViaIPv4));
        if (_options.FileIPv6.Length > 0)
            files.Add(new BirdFile(_options.FileIPv6, BirdFile.Of(options.Prefixes, AddressFamily.InterNetworkV6), _options.ViaIPv6));
        _files = [.. files];
        _alive = options.Alive.Interface.Length > 0 ? new AliveAddresses(options.Alive, clock) : null;
        _loop = RunAsync();
    }

    public void Show(Announcement wanted, ReplyTo replyTo)
    {
        (Announcement Wanted, ReplyTo ReplyTo)? overtaken;
        lock (_gate)
        {
            overtaken = _isEnding ? (wanted, replyTo) : _waiting;
            if (!_isEnding)
            {
                _waiting = (wanted, replyTo);
                _news.Release();
            }
        }

        if (overtaken is { } late) late.ReplyTo.Tell(new AnnouncementShown(late.Wanted.Number, IsShown: false, Problem: null));
    }

    /// <summary>Whatever was wanted last: an agent that has ended attracts nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isEnding = true;
            _news.Release();
        }

        await _loop;
        await BringAboutAsync(new Announcement(0, IsAnnounced: false, 0));
        _news.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _news.WaitAsync();
            (Announcement Wanted, ReplyTo ReplyTo)? next;
            lock (_gate)
            {
                if (_isEnding && _waiting is null) return;
                (next, _waiting) = (_waiting, null);
            }

            if (next is not var (wanted, replyTo)) continue;
            string? problem = await BringAboutAsync(wanted);
            replyTo.Tell(new AnnouncementShown(wanted.Number, problem is null, problem));
        }
    }

    private async Task<string?> BringAboutAsync(Announcement wanted)
    {
        try
        {
            if (!wanted.IsAnnounced && _alive is { } fading) await fading.RemoveAsync();
            foreach (BirdFile file in _files) _owesReload |= file.Write(wanted);
            string? problem = wanted.IsAnnounced && _alive is { } alive ? await alive.RenewAsync() : null;
            return problem ?? await ReloadAsync();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    /// <summary>Tried again at every look until it has worked: BIRD may not have been there yet.</summary>
    private async Task<string?> ReloadAsync()
    {
        if (!_owesReload || _files.Length == 0 || _options.ReloadCommand.Count == 0) return null;
        string? problem = await OutsideCommand.RunAsync(_options.ReloadCommand, _options.ReloadTimeout, _clock);
        _owesReload = problem is not null;
        return problem;
    }
}
