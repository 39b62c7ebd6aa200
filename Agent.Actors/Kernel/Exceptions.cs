namespace Agent.Actors.Kernel;

/// <summary>No answer to a question came in time.</summary>
public sealed class AskTimeoutException(string message) : Exception(message);

/// <summary>A question can no longer be answered: it became a dead letter, or the answer is not of the type asked for.</summary>
public sealed class AskFailedException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>An actor's constructor or <c>PreStart</c> failed. The default decider stops the actor.</summary>
public sealed class ActorInitializationException(string message, Exception cause) : Exception(message, cause);

/// <summary>The actor received <see cref="Kill"/>. The default decider stops the actor.</summary>
public sealed class ActorKilledException(string message) : Exception(message);

/// <summary>The actor watched another, was told of its death and did not handle the message. The default decider stops the actor.</summary>
public sealed class DeathPactException(string message) : Exception(message);

/// <summary>A child name is already taken; a name becomes free again with the child's termination.</summary>
public sealed class InvalidActorNameException(string message) : Exception(message);

/// <summary>A message was to be stashed and the stash was full, under <see cref="StashOverflow.Fail"/>.</summary>
public sealed class StashOverflowException(string message) : Exception(message);
