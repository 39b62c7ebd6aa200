using Agent.Actors.Kernel;

namespace Agent.Actors.Anycast;

/// <summary>
/// The port to whatever makes routers know. It is told the wanted state at every look, whether it changed or not, and brings it about in
/// its own time; only the latest counts. That it is told no more means that the node is dead, and must by itself end what was announced.
/// </summary>
public interface IAnnouncer
{
    /// <summary>Takes the wanted state; answered by one <see cref="AnnouncementShown"/>. Never blocks.</summary>
    void Show(Announcement wanted, ReplyTo replyTo);
}

/// <summary>What routers shall know.</summary>
/// <param name="Number">Comes back in the answer; grows.</param>
/// <param name="IsAnnounced">Whether the addresses shall lead here.</param>
/// <param name="Metric">With which metric.</param>
public sealed record Announcement(long Number, bool IsAnnounced, int Metric);

/// <summary>What became of a wanted state.</summary>
/// <param name="Number">Its number.</param>
/// <param name="IsShown">It was brought about; also false when a later one has overtaken it.</param>
/// <param name="Problem">Why it could not be.</param>
public sealed record AnnouncementShown(long Number, bool IsShown, string? Problem);
