import { meta } from "../../ts/dom";

/** A picture of the sprite. Its name has to be one that the build finds: icon="trash-2". */
export function Icon({ icon, small = false }: { icon: string; small?: boolean }) {
  return (
    <svg className={small ? "icon sm" : "icon"} aria-hidden="true">
      <use href={`${meta("icons")}#${icon}`} />
    </svg>
  );
}
