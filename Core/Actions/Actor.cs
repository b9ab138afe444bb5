namespace Overnight.Core.Actions;

/// <summary>In which capacity somebody acts.</summary>
public enum ActorKind
{
    /// <summary>Somebody without a session, such as who tries to sign in.</summary>
    Nobody,
    User,
    Administrator,

    /// <summary>A program with the admin key, which has no user.</summary>
    AdminKey,

    /// <summary>A command of <c>jobs</c>. The operating system's account is not recorded, because it names a person.</summary>
    Command,
}

/// <summary>Who acts.</summary>
/// <param name="UserId">Null for all kinds but a user and an administrator.</param>
public readonly record struct Actor(ActorKind Kind, Guid? UserId = null)
{
    private static readonly string[] Names = ["nobody", "user", "admin", "admin-key", "command"];

    public static Actor Nobody => default;

    public static Actor AdminKey => new(ActorKind.AdminKey);

    public static Actor Command => new(ActorKind.Command);

    /// <summary>The name in the database and in answers.</summary>
    public string Name => Names[(int)Kind];

    public static Actor Of(Guid userId, bool isAdmin) => new(isAdmin ? ActorKind.Administrator : ActorKind.User, userId);
}
