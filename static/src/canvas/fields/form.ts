// What every field of the open form knows: the step it belongs to, and what is wrong there.
import { createContext, useContext } from "react";
import type { Placed } from "../core/store";
import type { Field, Path } from "../core/types";

export interface Form {
  step: string;
  problems: readonly Placed[];
}

export const FormContext = createContext<Form>({ step: "", problems: [] });

export interface WidgetProps {
  field: Field;
  value: unknown;
  path: Path;
  id: string;
  put: (value: unknown) => void;
  readOnly: boolean;
}

export function useForm(): Form {
  return useContext(FormContext);
}
